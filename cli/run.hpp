#pragma once

#include "arguments.hpp"

namespace holdfast::cli {

/// `holdfast run`: holds the lock while a command runs. Returns the exit code. Called before any thread exists.
int run(const run_options& options);

}  // namespace holdfast::cli
