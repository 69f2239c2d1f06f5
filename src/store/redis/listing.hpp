#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "holdfast/status.hpp"
#include "store/redis/channel.hpp"

namespace holdfast::redis {

/// Names in the order of their bytes, which Redis does not keep: all keys are scanned once, without blocking the server,
/// and what was found is kept for the pages that follow. Thread-safe.
class listing {
 public:
  explicit listing(channel& at) : at_{at} {}
  /// The names that begin with `prefix` and come after `cursor`, which are held or may be waited for. Scans if `cursor` is
  /// empty, or not where the last page ended.
  status names(std::string_view prefix, std::string_view cursor, time_point by, std::vector<std::string>& found);

 private:
  status scan(std::string_view prefix, time_point by, std::vector<std::string>& found);
  status keep_used(time_point by, std::vector<std::string>& names);

  channel& at_;
  std::mutex mutex_;
  std::string prefix_;                // guarded by mutex_
  std::vector<std::string> scanned_;  // guarded by mutex_
};

}  // namespace holdfast::redis
