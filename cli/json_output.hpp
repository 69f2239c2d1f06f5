#pragma once

#include <string>
#include <vector>

#include "holdfast/inspection.hpp"
#include "outcome.hpp"

/// Everything that the command says in JSON. Text that is no UTF-8 appears with `\xNN` in place of its odd bytes.
namespace holdfast::cli {

std::string to_json(const run_outcome& outcome);
std::string to_json(const resource_view& view);
std::string to_json(const std::vector<resource_view>& views, const std::string& store);

}  // namespace holdfast::cli
