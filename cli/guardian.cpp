#include "guardian.hpp"

#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "guardian_process.hpp"

namespace holdfast::cli {

guardian fork_guardian(const std::vector<std::string>& words, const signal_state& was) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return {};
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  const pid_t own_group = ::getpgrp();
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::close(ends[0]);
    // A group of its own: `kill -9 %1` and Ctrl-Z are for holdfast's, and the guardian has to live through them.
    ::setpgid(0, 0);
    ::prctl(PR_SET_NAME, "holdfast-guard");
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, nullptr);
    ::_exit(guard(ends[1], words, was, own_group));
  }
  const int error = errno;
  ::close(ends[1]);
  if (pid < 0) {
    ::close(ends[0]);
    errno = error;
    return {};
  }
  return {pid, ends[0]};
}

}  // namespace holdfast::cli
