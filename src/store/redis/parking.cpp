#include "store/redis/parking.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <ctime>

namespace holdfast::redis {

namespace {

void futex(std::atomic<std::uint32_t>& word, int what, std::uint32_t value, const timespec* span) noexcept {
  static_assert(sizeof word == sizeof(std::uint32_t));
  ::syscall(SYS_futex, &word, what | FUTEX_PRIVATE_FLAG, value, span, nullptr, 0);
}

}  // namespace

bool parking::wait(time_point until) noexcept {
  std::uint32_t seen = idle;
  if (!state_.compare_exchange_strong(seen, asleep, std::memory_order_acquire)) return true;
  while (true) {
    const auto left = std::min<duration>(until - boot_clock::now(), std::chrono::hours{1});
    if (left <= duration::zero()) {
      seen = asleep;
      return !state_.compare_exchange_strong(seen, idle, std::memory_order_acquire);
    }
    const auto whole = std::chrono::floor<std::chrono::seconds>(left);
    const timespec span{static_cast<time_t>(whole.count()), static_cast<long>((left - whole).count())};
    futex(state_, FUTEX_WAIT, asleep, &span);
    if (state_.load(std::memory_order_acquire) == signalled) return true;
  }
}

void parking::signal() noexcept {
  if (state_.exchange(signalled, std::memory_order_release) == asleep) futex(state_, FUTEX_WAKE, 1, nullptr);
}

}  // namespace holdfast::redis
