#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "signals.hpp"

namespace holdfast::cli {

/// What the guardian does from its fork to its end; returns its exit code. Single-threaded, all signals blocked, a child
/// subreaper. `terminal_group` gets the terminal back if holdfast no longer can see to it.
int guard(int socket, const std::vector<std::string>& words, const signal_state& was, pid_t terminal_group) noexcept;

}  // namespace holdfast::cli
