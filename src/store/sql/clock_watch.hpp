#pragma once

#include <cstdint>
#include <mutex>

#include "holdfast/clock.hpp"

namespace holdfast::sql {

/// What a statement is told about the server's clock, so that a step of it frees no lease. A lease is over only once
/// `expires` (with `patience` added, where the row was written before `stepped`) is past both the server's clock and
/// `latest`. All in µs.
struct clock_bounds {
  static constexpr std::int64_t unknown = INT64_MAX;
  std::int64_t latest = unknown;  ///< The server's clock cannot be later, unless it was stepped.
  std::int64_t patience = 0;      ///< By how much it was stepped forward, as far as this client saw.
  std::int64_t stepped = 0;       ///< Rows that read earlier were written before that step.
};

/// Watches the offset between the server's clock and this machine's boot clock on the replies of one server. A step is
/// a change of it that neither a slow reply nor drift explains. Decides only; thread-safe.
class clock_watch {
 public:
  /// A reply that was asked for at `sent` and read at `read` said that the server's clock was `server_us`.
  void saw(std::int64_t server_us, time_point sent, time_point read) noexcept;
  /// For a statement that is sent at `now`.
  [[nodiscard]] clock_bounds bounds(time_point now) const noexcept;
  /// The server's clock at `now`: never ahead of it, and less than 50 ms behind, unless it was stepped in the last second.
  /// 0 if no reply is that young, or it took longer.
  [[nodiscard]] std::int64_t reckoned(time_point now) const noexcept;

 private:
  struct interval {
    std::int64_t low = 0;
    std::int64_t high = 0;
  };
  [[nodiscard]] interval expected(std::int64_t boot_us) const noexcept;

  mutable std::mutex mutex_;
  bool seen_ = false;
  interval offset_;  ///< Between them lies server clock - boot clock, as of `as_of_`.
  std::int64_t as_of_ = 0;
  std::int64_t patience_ = 0;
  std::int64_t stepped_ = 0;
};

}  // namespace holdfast::sql
