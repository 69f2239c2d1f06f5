#include "core/condition.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>

namespace holdfast::core {

condition::condition() noexcept {
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_cond_init(&condition_, &attributes);
  pthread_condattr_destroy(&attributes);
}

condition::~condition() { pthread_cond_destroy(&condition_); }

void condition::wait(std::unique_lock<std::mutex>& lock) noexcept {
  pthread_cond_wait(&condition_, lock.mutex()->native_handle());
}

void condition::wait_for(std::unique_lock<std::mutex>& lock, duration span) noexcept {
  // A cap keeps the sum far from overflow; the caller looks at its clock and waits again.
  const auto bounded = std::clamp<duration>(span, duration::zero(), std::chrono::hours{1});
  timespec until{};
  clock_gettime(CLOCK_MONOTONIC, &until);
  const auto total = std::chrono::seconds{until.tv_sec} + duration{until.tv_nsec} + bounded;
  const auto whole = std::chrono::floor<std::chrono::seconds>(total);
  until.tv_sec = static_cast<time_t>(whole.count());
  until.tv_nsec = static_cast<long>((total - whole).count());
  pthread_cond_timedwait(&condition_, lock.mutex()->native_handle(), &until);
}

void condition::notify_one() noexcept { pthread_cond_signal(&condition_); }
void condition::notify_all() noexcept { pthread_cond_broadcast(&condition_); }

}  // namespace holdfast::core
