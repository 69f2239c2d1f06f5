#pragma once

#include <sys/types.h>

#include <functional>
#include <vector>

namespace holdfast::cli {

/// The living descendants of this process, children before their own. Orphans among them are here too if the process is a child
/// subreaper. A snapshot that may miss some where processes fork
/// or end meanwhile: good for signalling again and again, no proof that nobody is left.
std::vector<pid_t> descendants();

/// Sends `signal` to the process group `group` and to every descendant outside it.
void signal_tree(pid_t group, int signal);

/// Reaps what has ended. True once this process has no child at all: in a child subreaper, that is no descendant either.
/// `heard(pid, status)` is told of each child that ended or stopped.
bool reap_children(const std::function<void(pid_t, int)>& heard);

}  // namespace holdfast::cli
