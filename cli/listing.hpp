#pragma once

#include "arguments.hpp"

namespace holdfast::cli {

/// `holdfast ls`, `show` and `break`. Each returns the exit code.
int list(const ls_options& options);
int show(const show_options& options);
int break_lease(const break_options& options);

}  // namespace holdfast::cli
