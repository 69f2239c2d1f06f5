#pragma once

namespace holdfast::cli {

/// `holdfast version`: prints the version to stdout; returns the exit code.
int print_version();

}  // namespace holdfast::cli
