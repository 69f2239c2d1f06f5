#pragma once

#include <mutex>

#include "core/condition.hpp"
#include "holdfast/clock.hpp"

namespace holdfast::etcd {

/// Lets one thread through at a time, for work that takes requests: who stands behind waits no longer than its own limit.
class one_at_a_time {
 public:
  /// The calling thread's turn, until it is destroyed. Throws failure if it has not come by then.
  class turn {
   public:
    turn(one_at_a_time& at, time_point by);
    ~turn();
    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;

   private:
    one_at_a_time& at_;
  };

 private:
  std::mutex mutex_;
  core::condition changed_;
  bool busy_ = false;  // guarded by mutex_
};

}  // namespace holdfast::etcd
