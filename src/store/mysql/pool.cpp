#include "store/mysql/pool.hpp"

#include <algorithm>
#include <utility>

#include "store/mysql/errors.hpp"

namespace holdfast::mysql {

std::unique_ptr<connection> pool::make(time_point by) const {
  return std::make_unique<connection>(to_, std::min(by, boot_clock::now() + to_.connect_timeout));
}

std::unique_ptr<connection> pool::taken(time_point by, std::size_t beyond) {
  std::unique_lock lock{mutex_};
  while (true) {
    if (!idle_.empty()) {
      auto last = std::move(idle_.back());
      idle_.pop_back();
      lock.unlock();
      if (!last->dropped()) return last;
      last.reset();
      lock.lock();
      --made_;
    } else if (made_ < to_.pool + beyond) {
      ++made_;
      idle_.reserve(made_);  // Giving back must not fail.
      break;
    } else {
      const auto left = by - boot_clock::now();
      if (left <= duration::zero()) throw too_late(to_.shown, "none of the pool's connections became free", false);
      returned_.wait_for(lock, left);
    }
  }
  lock.unlock();
  try {
    return make(by);
  } catch (...) {
    forget_one();
    throw;
  }
}

void pool::give_back(std::unique_ptr<connection> what) noexcept {
  if (what->spoilt()) {
    what.reset();
    forget_one();
    return;
  }
  const std::lock_guard lock{mutex_};
  if (made_ <= to_.pool)
    idle_.push_back(std::move(what));
  else
    --made_;  // `what` goes after the lock.
  returned_.notify_one();
}

void pool::forget_one() noexcept {
  const std::lock_guard lock{mutex_};
  --made_;
  returned_.notify_one();
}

}  // namespace holdfast::mysql
