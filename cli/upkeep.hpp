#pragma once

#include "arguments.hpp"

namespace holdfast::cli {

/// `holdfast schema` and `gc`. Each returns the exit code.
int print_schema(const schema_options& options);
int clean_up(const gc_options& options);

}  // namespace holdfast::cli
