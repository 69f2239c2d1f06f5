#pragma once

#include <csignal>

namespace holdfast::cli {

/// What the signals were when the command began; the child gets them back as they were.
struct signal_state {
  sigset_t mask{};
  struct sigaction child {};  ///< SIGCHLD's disposition: ignored, it would hide the child's end from us.
};

/// The signals that `run` hands on: all that can be caught and are not the kernel's word on a fault or on our own
/// reading and writing. Those that the caller has set to be ignored (nohup, a shell's background job) stay ignored.
sigset_t forwarded_signals() noexcept;

/// Blocks `forwarded_signals()`, SIGPIPE and SIGCHLD, before any thread exists: every thread of the process inherits that, and
/// they are read by signalfd. SIGCHLD is set to its default.
signal_state take_signals(const sigset_t& forwarded) noexcept;
/// For a child between fork and exec.
void give_signals_back(const signal_state& was) noexcept;

/// Whether the signal's default is to end the process; the others are not for a waiter to die of.
bool ends_a_process(int signal) noexcept;
/// SIGTSTP, SIGTTIN, SIGTTOU: what a terminal stops a job with.
bool is_job_stop(int signal) noexcept;

/// Stops this process as `signal` (a job stop) would have done, and returns when it is continued; at once
/// where its process group is orphaned, for nobody could continue it.
void stop_self(int signal) noexcept;
/// The same for all of the process group: the job, as the shell sees it.
void stop_own_group(int signal) noexcept;

}  // namespace holdfast::cli
