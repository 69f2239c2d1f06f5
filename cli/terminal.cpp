#include "terminal.hpp"

#include <unistd.h>

namespace holdfast::cli {

// tcgetpgrp answers only for the controlling terminal of the caller's own session.
bool terminal_is_ours() noexcept { return ::tcgetpgrp(STDIN_FILENO) == ::getpgrp(); }

void lend_terminal(pid_t group) noexcept { ::tcsetpgrp(STDIN_FILENO, group); }

void take_terminal_back() noexcept { ::tcsetpgrp(STDIN_FILENO, ::getpgrp()); }

}  // namespace holdfast::cli
