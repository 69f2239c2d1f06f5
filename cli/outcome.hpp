#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "holdfast/clock.hpp"

namespace holdfast::cli {

/// How a `run` ended, as `--json FILE` tells it.
struct run_outcome {
  const char* outcome = "failed";  ///< completed, busy, timed_out, lost, interrupted or failed.
  int exit_code = 0;
  std::string resource;
  std::string store;        ///< Its password hidden. Empty where it could not be worked out.
  std::uint64_t token = 0;  ///< 0: never held.
  std::string owner;
  std::optional<int> child_exit;    ///< The command's exit code, if it exited.
  std::optional<int> child_signal;  ///< The signal that ended it, if one did.
  duration waited{};
  duration held{};
  std::string message;  ///< What went wrong; empty if nothing did.
};

}  // namespace holdfast::cli
