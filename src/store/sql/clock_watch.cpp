#include "store/sql/clock_watch.hpp"

#include <algorithm>
#include <chrono>

namespace holdfast::sql {
namespace {

/// What slewing and the two oscillators may add up to.
constexpr std::int64_t drift_per_second = 1000;  // µs: 1,000 ppm
constexpr std::int64_t smallest_step = 50'000;
/// In which no two clocks come apart by more than a reply takes. In µs.
constexpr std::int64_t longest_reckoning = 1'000'000;
constexpr std::int64_t longest_lag = 50'000;

std::int64_t us_of(time_point when) noexcept {
  return std::chrono::duration_cast<std::chrono::microseconds>(when.time_since_epoch()).count();
}

}  // namespace

clock_watch::interval clock_watch::expected(std::int64_t boot_us) const noexcept {
  const auto drift = std::max<std::int64_t>(boot_us - as_of_, 0) / 1'000'000 * drift_per_second + 1000;
  return {offset_.low - drift, offset_.high + drift};
}

void clock_watch::saw(std::int64_t server_us, time_point sent, time_point read) noexcept {
  const std::lock_guard lock{mutex_};
  const auto now = us_of(read);
  const interval fresh{server_us - now, server_us - us_of(sent)};
  if (!seen_) {
    seen_ = true;
  } else {
    const auto old = expected(now);
    if (fresh.low > old.high + smallest_step) {
      patience_ += fresh.high - old.low;
      stepped_ = now + old.high + 1;  // No row that was written before the step can read that much.
    } else if (fresh.high < old.low - smallest_step) {
      const auto back = std::min(old.high - fresh.low, patience_);
      patience_ -= back;
      stepped_ -= back;
    } else if (fresh.high - fresh.low > old.high - old.low) {
      return;  // A slower reply than the last good one says nothing new.
    }
  }
  offset_ = fresh;
  as_of_ = now;
}

std::int64_t clock_watch::reckoned(time_point now) const noexcept {
  const std::lock_guard lock{mutex_};
  const auto boot_us = us_of(now);
  const bool close = offset_.high - offset_.low < longest_lag && boot_us - as_of_ < longest_reckoning;
  return seen_ && close ? boot_us + offset_.low : 0;
}

clock_bounds clock_watch::bounds(time_point now) const noexcept {
  const std::lock_guard lock{mutex_};
  if (!seen_) return {};
  const auto boot_us = us_of(now);
  return {boot_us + expected(boot_us).high, patience_, patience_ == 0 ? 0 : stepped_};
}

}  // namespace holdfast::sql
