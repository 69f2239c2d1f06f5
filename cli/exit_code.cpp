#include "exit_code.hpp"

#include <sys/wait.h>

#include <cerrno>

namespace holdfast::cli {

int exit_code_of(const status& why) noexcept {
  if (why.ok()) return exit_ok;
  if (why.code().category() != error_category()) return exit_internal;
  switch (static_cast<errc>(why.code().value())) {
    case errc::busy:
    case errc::timed_out:
      return exit_busy;
    case errc::unavailable:
    case errc::outcome_unknown:
      return exit_unavailable;
    case errc::not_authorised:
      return exit_not_authorised;
    case errc::misconfigured:
    case errc::unsupported:
    case errc::wrong_kind:
      return exit_misconfigured;
    case errc::invalid_argument:
      return exit_usage;
    case errc::not_held:
      return exit_not_held;
    case errc::cancelled:
    case errc::closed:
    case errc::forked:
    case errc::internal:
      break;
  }
  return exit_internal;
}

int exit_code_of_wait_status(int wait_status) noexcept {
  if (WIFEXITED(wait_status)) return WEXITSTATUS(wait_status);
  if (WIFSIGNALED(wait_status)) return 128 + WTERMSIG(wait_status);
  return exit_internal;
}

int exit_code_of_exec_error(int error) noexcept {
  return error == ENOENT || error == ENOTDIR ? exit_not_found : exit_cannot_execute;
}

}  // namespace holdfast::cli
