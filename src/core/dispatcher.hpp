#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "core/condition.hpp"
#include "holdfast/observer.hpp"

namespace holdfast::core {

/// The one thread per process that runs users' callbacks, so that what they do delays neither the watchdog nor a
/// keeper. Made when there is first something to run. Thread-safe.
class dispatcher {
 public:
  static dispatcher& instance();

  void post(std::function<void()> callback) noexcept;
  /// Tells `to`, if there is one.
  void tell(const std::shared_ptr<observer>& to, event what) noexcept;

 private:
  void run();

  std::mutex mutex_;
  condition filled_;
  std::deque<std::function<void()>> queue_;  // guarded by mutex_
  bool running_ = false;                     // guarded by mutex_
};

}  // namespace holdfast::core
