#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "store/redis/channel.hpp"

namespace holdfast::sim {

/// The text of a shipped script, or of its mutant where `break_script` chose one.
const std::string& text_of(const redis::script& shipped);

/// Names of all mutants: edits of the shipped text that each break a promise.
std::vector<std::string> script_mutants();
/// From now on the scripts are that mutant's. Before any is run. Throws std::logic_error where the text to be changed
/// is not there (any more).
void use_mutant(std::string_view mutant);

}  // namespace holdfast::sim
