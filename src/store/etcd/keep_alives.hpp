#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "store/etcd/keep_alive_answers.hpp"

namespace holdfast::etcd {

/// Keeps one stream of keep-alives open for all leases of a client. It is made anew when it has failed, when an answer did
/// not come in time, and when calls go another way than it does. Thread-safe; destroyed when nobody asks any more.
class keep_alives {
 public:
  /// Which member calls go to, and by which login.
  struct way {
    std::uint64_t route = 0;
    std::string token;
    bool operator==(const way&) const = default;
  };
  /// Does not block. May throw std::system_error: no thread was to be had.
  using open = std::function<std::unique_ptr<keep_alive_stream>(std::shared_ptr<keep_alive_sink>)>;

  /// Asks once. What `with` throws is thrown on.
  keep_alive_outcome ask(lease_id lease, const way& by_way, const open& with, time_point by);

 private:
  struct kept {
    way by;
    std::shared_ptr<keep_alive_answers> answers;
    std::unique_ptr<keep_alive_stream> stream;
  };

  std::mutex mutex_;
  std::shared_ptr<kept> now_;  // guarded by mutex_; others that still await an answer of one before keep it, too
};

}  // namespace holdfast::etcd
