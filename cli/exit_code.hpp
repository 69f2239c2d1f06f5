#pragma once

#include "holdfast/status.hpp"

namespace holdfast::cli {

/// What the command exits with, beside the child's own code. Where sysexits.h has a word for it, its number.
enum exit_code : int {
  exit_ok = 0,
  exit_not_held = 1,  ///< `break`: nobody holds it with that token.
  exit_usage = 64,
  exit_unavailable = 69,  ///< The store can't be reached.
  exit_internal = 70,
  exit_busy = 75,  ///< Busy, or the wait timed out; `-E` changes it.
  exit_not_authorised = 77,
  exit_misconfigured = 78,
  exit_lost = 80,  ///< The lease was lost while the command ran.
  exit_cannot_execute = 126,
  exit_not_found = 127,
};

/// The code for what a call to the store ended with.
int exit_code_of(const status& why) noexcept;
/// As the shell has it: 128+N where signal N ended it.
int exit_code_of_wait_status(int wait_status) noexcept;
/// For the errno of an execve that failed: 127 where there was no such file, else 126.
int exit_code_of_exec_error(int error) noexcept;

}  // namespace holdfast::cli
