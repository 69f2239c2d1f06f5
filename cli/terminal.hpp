#pragma once

#include <sys/types.h>

namespace holdfast::cli {

/// Whether standard input is our controlling terminal and we are its foreground job: only then is the terminal ours to lend.
bool terminal_is_ours() noexcept;
/// Makes `group` the foreground job of standard input's terminal. Needs SIGTTOU blocked or ignored.
void lend_terminal(pid_t group) noexcept;
void take_terminal_back() noexcept;

}  // namespace holdfast::cli
