#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "faults.hpp"

namespace holdfast::sim {

/// Runs the schedule that grows from `seed`; prints its history if `tell`. Returns what promise it broke, if any.
std::optional<std::string> run_schedule(std::uint64_t seed, sabotage broken, bool tell, tally& counts);

}  // namespace holdfast::sim
