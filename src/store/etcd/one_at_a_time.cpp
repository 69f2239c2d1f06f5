#include "store/etcd/one_at_a_time.hpp"

#include "store/etcd/errors.hpp"

namespace holdfast::etcd {

one_at_a_time::turn::turn(one_at_a_time& at, time_point by) : at_{at} {
  std::unique_lock lock{at_.mutex_};
  while (at_.busy_) {
    const auto left = by - boot_clock::now();
    if (left <= duration::zero())
      throw failure{{errc::unavailable, "etcd did not answer in time what other threads asked for before"}};
    at_.changed_.wait_for(lock, left);
  }
  at_.busy_ = true;
}

one_at_a_time::turn::~turn() {
  const std::lock_guard lock{at_.mutex_};
  at_.busy_ = false;
  at_.changed_.notify_one();
}

}  // namespace holdfast::etcd
