#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>

#include "holdfast/clock.hpp"

namespace holdfast::sqlite {

/// Lets one thread at a time at the connection, in order, but for a bounded number that slip in while the first of the
/// queue wakes up: handing over to a sleeping thread each time would cost a context switch a transaction.
class turnstile {
 public:
  /// False if its turn had not come by then.
  bool enter(time_point by);
  void leave() noexcept;

 private:
  struct place {
    std::condition_variable called;
    bool inside = false;
  };
  bool wait_in(place& mine, std::unique_lock<std::mutex>& lock, time_point by);

  static constexpr int most_slips = 16;
  std::mutex mutex_;
  bool taken_ = false;
  int slips_ = 0;  // since the first of the queue became the first
  std::deque<place*> queue_;
};

}  // namespace holdfast::sqlite
