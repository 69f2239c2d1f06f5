#pragma once

#include <atomic>
#include <mutex>
#include <thread>

#include "core/store.hpp"

namespace holdfast::mysql {

/// A client as the poller knows it: whom to tell.
class member {
 public:
  explicit member(core::owner_id id) : id_{id} {}
  void set(core::store::turn_callback callback);
  /// After this nothing is told any more; waits for what is just being told, unless on the thread that tells.
  void leave() noexcept;
  void tell(const core::owner_id& owner);
  [[nodiscard]] const core::owner_id& id() const noexcept { return id_; }

 private:
  const core::owner_id id_;
  std::mutex mutex_;
  std::atomic<std::thread::id> telling_;
  std::atomic<bool> left_{false};
  core::store::turn_callback callback_;
};

}  // namespace holdfast::mysql
