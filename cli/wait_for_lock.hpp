#pragma once

#include <csignal>
#include <optional>

#include "holdfast/client.hpp"

namespace holdfast::cli {

/// How the wait for the lock ended.
struct wait_result {
  status why;
  int signal = 0;  ///< Not 0: this signal ended the wait, and nothing is held.
};

/// Acquires `name` into `lock`, waiting at most `wait` (none: for ever; zero: not at all). A signal of `watched` (which is
/// blocked) that would end a process ends the wait, and the request leaves the queue; a job stop stops this process.
wait_result wait_for_lock(client& from, held_lock& lock, const std::string& name, const lock_options& how,
                          std::optional<duration> wait, const sigset_t& watched);

}  // namespace holdfast::cli
