#pragma once

#include <atomic>
#include <chrono>

#include "holdfast/export.hpp"

namespace holdfast {

/// Every span of time in the interface. Nanoseconds, so that each `std::chrono` literal converts.
using duration = std::chrono::nanoseconds;

/// CLOCK_BOOTTIME as a standard clock: it never steps and, unlike std::chrono::steady_clock on Linux, it counts
/// the time that the machine was suspended. Every deadline of a lease is a point of this clock.
struct HOLDFAST_EXPORT boot_clock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<boot_clock>;
  static constexpr bool is_steady = true;

  /// Thread-safe; does not block.
  static time_point now() noexcept;
};

using time_point = boot_clock::time_point;

/// Where a client takes the time from. Users' tests put a `manual_clock` here; everybody else leaves it alone.
/// Implementations are thread-safe and do not block.
class HOLDFAST_EXPORT clock {
 public:
  virtual ~clock();
  virtual time_point now() const noexcept = 0;
  /// How long in real time to sleep before it is worth asking again whether `now() >= at`. Never negative.
  virtual duration sleep_until(time_point at) const noexcept = 0;
};

/// A clock that stands still until it is told to go on: tests of expiry need no sleep.
/// Threads that wait on it look again within a millisecond or so of real time after each `advance`. Thread-safe.
/// Stores with a clock of their own (a server, another process) do not follow it: use it with `memory:`.
class HOLDFAST_EXPORT manual_clock final : public clock {
 public:
  /// Starts at `start`.
  explicit manual_clock(time_point start = time_point{std::chrono::hours{1}}) noexcept;
  time_point now() const noexcept override;
  duration sleep_until(time_point at) const noexcept override;
  /// Moves the time forward by `by`, which must not be negative.
  void advance(duration by) noexcept;

 private:
  std::atomic<time_point::rep> now_;
};

namespace detail {

/// What a caller gave as a timeout: rounded up, never negative, and the longest there is where it would overflow.
template <class Rep, class Period>
duration timeout_of(const std::chrono::duration<Rep, Period>& span) noexcept {
  // Compared as floating point first: the nanoseconds of std::chrono::hours::max() overflow.
  if (std::chrono::duration<double, std::nano>(span).count() >= static_cast<double>(duration::max().count()))
    return duration::max();
  if (span <= span.zero()) return duration::zero();
  return std::chrono::ceil<duration>(span);
}

}  // namespace detail

}  // namespace holdfast
