#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace holdfast::testing {

/// One turn, as the holder itself wrote it down.
struct turn_record {
  std::string resource;
  std::uint64_t token = 0;
  std::int64_t began = 0;  ///< ns of one clock: after the lock was had.
  std::int64_t ended = 0;  ///< Before it was given back; or its deadline, where that came first.
};

/// What is wrong with a history, one sentence each; empty if nothing is: per resource, tokens are unique and rise with
/// the turns, and no two turns overlap.
std::vector<std::string> faults_of(std::vector<turn_record> history);

/// A shell command that takes one turn, and appends it to `file` as `resource token began ended`.
std::string turn_script(const std::string& file, const std::string& work = "true");
std::vector<turn_record> read_history(const std::string& file);

}  // namespace holdfast::testing
