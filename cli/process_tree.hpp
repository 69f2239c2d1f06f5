#pragma once

#include <sys/types.h>

#include <vector>

namespace holdfast::cli {

/// The living descendants of this process, children before their own. Orphans among them are here too if the process is a child
/// subreaper. A snapshot: who forks meanwhile is missed, so ask again until there are none.
std::vector<pid_t> descendants();

/// Sends `signal` to the process group `group` and to every descendant outside it.
/// Returns how many descendants there were (zombies do not count).
std::size_t signal_tree(pid_t group, int signal);

}  // namespace holdfast::cli
