#include "store/sqlite/turnstile.hpp"

#include <algorithm>
#include <chrono>

namespace holdfast::sqlite {

bool turnstile::enter(time_point by) {
  std::unique_lock lock{mutex_};
  if (!taken_ && (queue_.empty() || slips_ < most_slips)) {
    taken_ = true;
    if (!queue_.empty()) ++slips_;
    return true;
  }
  place mine;
  queue_.push_back(&mine);
  return wait_in(mine, lock, by);
}

bool turnstile::wait_in(place& mine, std::unique_lock<std::mutex>& lock, time_point by) {
  while (true) {
    if (mine.inside) return true;
    if (!taken_ && queue_.front() == &mine) {
      taken_ = true;
      slips_ = 0;
      queue_.pop_front();
      return true;
    }
    const auto left = by - boot_clock::now();
    if (left <= duration::zero()) break;
    mine.called.wait_for(lock, std::min<duration>(left, std::chrono::hours{1}));
  }
  queue_.erase(std::find(queue_.begin(), queue_.end(), &mine));
  if (!taken_ && !queue_.empty()) queue_.front()->called.notify_one();
  return false;
}

void turnstile::leave() noexcept {
  const std::lock_guard lock{mutex_};
  taken_ = false;
  if (queue_.empty()) return;
  place* const first = queue_.front();
  if (slips_ >= most_slips) {
    taken_ = true;
    slips_ = 0;
    first->inside = true;
    queue_.pop_front();
  }
  // Under the mutex: once it is let go, the place may be gone.
  first->called.notify_one();
}

}  // namespace holdfast::sqlite
