#pragma once

#include <string>
#include <vector>

#include "holdfast/inspection.hpp"

namespace holdfast::cli {

/// What `ls` prints for people: a line for each resource.
std::string to_table(const std::vector<resource_view>& views);
/// What `show` prints for people.
std::string to_text(const resource_view& view);

}  // namespace holdfast::cli
