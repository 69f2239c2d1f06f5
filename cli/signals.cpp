#include "signals.hpp"

#include <unistd.h>

namespace holdfast::cli {
namespace {

bool can_be_forwarded(int signal) noexcept {
  switch (signal) {
    case SIGKILL:
    case SIGSTOP:
    case SIGCHLD:
    case SIGPIPE:  // not catchable, or about our own children and pipes
    case SIGILL:
    case SIGTRAP:
    case SIGBUS:
    case SIGFPE:
    case SIGSEGV:
    case SIGSYS:   // faults of our own
    case SIGXFSZ:  // our own write; blocked, it is an error to handle
      return false;
    default:
      // Between SIGSYS and SIGRTMIN lie the C library's own.
      return signal < SIGSYS || signal >= SIGRTMIN;
  }
}

bool is_ignored(int signal) noexcept {
  struct sigaction now {};
  return sigaction(signal, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
}

void stop(pid_t which, int signal) noexcept {
  sigset_t only;
  sigemptyset(&only);
  sigaddset(&only, signal);
  // Pending first, then let through: so it has struck when the mask is set. Nobody else reads signals meanwhile.
  ::kill(which, signal);
  pthread_sigmask(SIG_UNBLOCK, &only, nullptr);
  pthread_sigmask(SIG_BLOCK, &only, nullptr);
}

}  // namespace

sigset_t forwarded_signals() noexcept {
  sigset_t set;
  sigemptyset(&set);
  for (int signal = 1; signal <= SIGRTMAX; ++signal)
    if (can_be_forwarded(signal) && !is_ignored(signal)) sigaddset(&set, signal);
  return set;
}

signal_state take_signals(const sigset_t& forwarded) noexcept {
  signal_state was;
  struct sigaction normal {};
  normal.sa_handler = SIG_DFL;
  sigaction(SIGCHLD, &normal, &was.child);
  sigset_t block = forwarded;
  sigaddset(&block, SIGPIPE);
  sigaddset(&block, SIGCHLD);
  sigprocmask(SIG_BLOCK, &block, &was.mask);
  return was;
}

void give_signals_back(const signal_state& was) noexcept {
  if (was.child.sa_handler == SIG_IGN) sigaction(SIGCHLD, &was.child, nullptr);
  sigprocmask(SIG_SETMASK, &was.mask, nullptr);
}

bool ends_a_process(int signal) noexcept {
  return signal != SIGCHLD && signal != SIGCONT && signal != SIGURG && signal != SIGWINCH && !is_job_stop(signal);
}

bool is_job_stop(int signal) noexcept { return signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU; }

void stop_self(int signal) noexcept { stop(::getpid(), signal); }

void stop_own_group(int signal) noexcept { stop(0, signal); }

}  // namespace holdfast::cli
