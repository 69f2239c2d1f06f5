#include "holdfast/clock.hpp"

#include <time.h>

#include <algorithm>

namespace holdfast {

time_point boot_clock::now() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return time_point{std::chrono::seconds{now.tv_sec} + std::chrono::nanoseconds{now.tv_nsec}};
}

clock::~clock() = default;

manual_clock::manual_clock(time_point start) noexcept : now_{start.time_since_epoch().count()} {}

time_point manual_clock::now() const noexcept { return time_point{duration{now_.load(std::memory_order_acquire)}}; }

duration manual_clock::sleep_until(time_point at) const noexcept {
  // How soon `advance` is called nobody knows: look again after a moment of real time.
  return at > now() ? duration{std::chrono::milliseconds{1}} : duration::zero();
}

void manual_clock::advance(duration by) noexcept {
  now_.fetch_add(std::max(by, duration::zero()).count(), std::memory_order_acq_rel);
}

}  // namespace holdfast
