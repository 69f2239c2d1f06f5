#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace holdfast::bench {

struct ended {
  int exit_code = -1;      ///< 128+N after signal N.
  double cpu_seconds = 0;  ///< Of it and of the children that it waited for.
  long peak_kib = 0;       ///< The largest memory of it, or of any child that it waited for.
};

/// Starts `words` (the first is looked for in PATH), with `input` and `output` as stdin and stdout unless -1.
pid_t start(const std::vector<std::string>& words, int input = -1, int output = -1);
ended wait_for(pid_t process);
/// Both; throws std::runtime_error unless it exits with 0.
ended run_to_end(const std::vector<std::string>& words);

}  // namespace holdfast::bench
