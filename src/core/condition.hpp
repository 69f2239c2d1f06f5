#pragma once

#include <mutex>

#include <pthread.h>

#include "holdfast/clock.hpp"
#include "holdfast/export.hpp"

namespace holdfast::core {

/// A condition variable whose timed wait follows CLOCK_MONOTONIC. (std::condition_variable does so too, but through a
/// call that ThreadSanitizer does not know in the compilers we support.)
class HOLDFAST_EXPORT condition {
 public:
  condition() noexcept;
  ~condition();
  condition(const condition&) = delete;
  condition& operator=(const condition&) = delete;

  void wait(std::unique_lock<std::mutex>& lock) noexcept;
  /// Until notified or `span` of real time has passed; may return early.
  void wait_for(std::unique_lock<std::mutex>& lock, duration span) noexcept;
  void notify_one() noexcept;
  void notify_all() noexcept;

 private:
  pthread_cond_t condition_;
};

}  // namespace holdfast::core
