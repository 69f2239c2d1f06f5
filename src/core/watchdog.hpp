#pragma once

#include <mutex>

#include "core/tenure.hpp"
#include "core/timer_heap.hpp"

namespace holdfast::core {

/// The one thread per process that ends leases at their deadlines. It sleeps on a timer of CLOCK_BOOTTIME and does no
/// I/O, so neither a slow store nor a suspended machine makes it late by more than a wake-up. Thread-safe.
class watchdog {
 public:
  static watchdog& instance();

  watchdog() = default;
  watchdog(const watchdog&) = delete;

  /// Looks at `what` at `when` at the latest, until forget(). Throws std::system_error if there is no thread, or no
  /// file descriptor, to be had.
  void watch(tenure& what, time_point when);
  void forget(tenure& what) noexcept;

 private:
  void start();
  void run() noexcept;
  void arm() noexcept;

  std::mutex mutex_;
  timer_heap<tenure, &tenure::watch_hook> due_;  // guarded by mutex_; in real boot time
  time_point armed_ = time_point::max();         // guarded by mutex_: what the timer is set to
  int timer_ = -1;                               // set once, under mutex_
};

}  // namespace holdfast::core
