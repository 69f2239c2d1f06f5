#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "core/store.hpp"
#include "store/redis/ear.hpp"

namespace holdfast::redis {

/// Where a store hears of its waiters' turns. Thread-safe.
class turns {
 public:
  turns(const make_ear& listen, std::function<void(const status&)> warn);
  ~turns();
  turns(const turns&) = delete;
  turns& operator=(const turns&) = delete;

  void on_turn(core::store::turn_callback callback);
  /// Where the server is to tell of turns; empty while nobody listens yet.
  [[nodiscard]] std::string_view where() const noexcept;
  /// Begins to listen, and tells where. Without success waiters must do with their heartbeats: `nowhere`.
  std::string_view listen(time_point by);

 private:
  struct bell;
  const std::string id_;
  const std::shared_ptr<bell> bell_;  // Shared with the listening thread, which may outlive this object by a moment.
  const std::function<void(const status&)> warn_;
  std::atomic<bool> listening_{false};
  std::atomic<bool> deaf_{false};  ///< It has not the right to listen, and need not try again.
  std::atomic<bool> warned_{false};
  const std::unique_ptr<ear> ear_;
};

}  // namespace holdfast::redis
