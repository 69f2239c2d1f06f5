#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "guardian_link.hpp"
#include "signals.hpp"

namespace holdfast::cli {

/// The guardian as holdfast sees it: the process that starts the command, and ends all of it when the lease runs out,
/// also when holdfast itself was killed or stopped.
struct guardian {
  pid_t pid = -1;
  int socket = -1;  ///< Our end of the link; closed on exec.
};

/// Forks the guardian of `words` (the command and its arguments). Call it before any thread exists and before the library is used,
/// with signals taken as `was` says. On failure pid is -1 and errno is set.
/// Makes this process a child subreaper too: should the guardian be killed, the command's processes come to us.
guardian fork_guardian(const std::vector<std::string>& words, const signal_state& was);

}  // namespace holdfast::cli
