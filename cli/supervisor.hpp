#pragma once

#include <csignal>
#include <string>

#include "guardian.hpp"
#include "holdfast/lease.hpp"

namespace holdfast::cli {

/// How the command ended.
struct supervision {
  bool guardian_gone = false;  ///< The guardian was killed; so was what could be found of the command.
  int exec_error = 0;          ///< Not 0: nothing ran.
  int wait_status = 0;         ///< As waitpid gives it.
  bool lost = false;           ///< The lease ran out, or was lost, before the command ended.
  bool some_are_left = false;  ///< Some of its processes could not be killed.
};

/// What the command runs under.
struct supervised_lease {
  const holdfast::lease& lease;
  duration ttl;
  bool outlives_us;  ///< Whether it stands for its ttl when holdfast is killed.
};

/// Has the guardian start the command under `what` and stays with it to its end: hands on the
/// signals of `watched` (which are blocked), passes on each new deadline, lends it the terminal, stops and continues with it.
/// `lost_event` is an eventfd that becomes readable when the lease is lost. `environment`: `NAME=value`, each ended by a NUL.
supervision supervise(const guardian& with, const supervised_lease& what, int lost_event, const sigset_t& watched,
                      const std::string& environment);

/// Ends a guardian that has nothing to do (any more), and leaves no zombie.
void dismiss(guardian& which) noexcept;

}  // namespace holdfast::cli
