#pragma once

#include <cstdint>
#include <optional>

#include "holdfast/clock.hpp"

namespace holdfast::core {

/// Decides how long one lease counts as held, when it is renewed, and when it is in jeopardy or lost. Does no I/O and
/// reads no clock. Not thread-safe.
class lease_machine {
 public:
  enum class state : std::uint8_t { held, jeopardy, lost };

  /// From a grant of `ttl` that was asked for at `sent`.
  lease_machine(time_point sent, duration ttl, bool renews) noexcept;

  /// The deadline, the jeopardy: what has come by `now`. Never undone, but jeopardy by a renewal.
  state on_time(time_point now) noexcept;

  /// When to renew next; none while a renewal is under way, when it is switched off or when the lease is lost.
  [[nodiscard]] std::optional<time_point> renew_at() const noexcept;
  /// A renewal for `ttl` goes out after `now`. One to a shorter ttl moves the deadline back at once: the store may have
  /// carried it out long before its answer is here. Exactly one of the three below follows, or on_time finds the lease lost.
  void on_renewal_sent(time_point now, duration ttl) noexcept;
  /// Confirmed at `now`: sent at `sent`, for `ttl`. Of no use once the lease is lost.
  void on_renewed(time_point sent, duration ttl, time_point now) noexcept;
  /// No usable answer: it may have been carried out with the ttl asked for, now or later.
  void on_renewal_unknown(time_point sent, duration ttl, time_point now) noexcept;
  /// The store says that the lease is not this owner's any more.
  void on_refused() noexcept { state_ = state::lost; }

  [[nodiscard]] state is() const noexcept { return state_; }
  [[nodiscard]] time_point deadline() const noexcept { return deadline_; }
  /// When on_time should be asked next: the jeopardy's instant, then the deadline.
  [[nodiscard]] time_point look_at() const noexcept;
  [[nodiscard]] duration ttl() const noexcept { return ttl_; }
  /// The ttl to count with: not longer than any that the store may have been told and not confirmed.
  [[nodiscard]] duration counted() const noexcept { return ttl_ < doubted_ ? ttl_ : doubted_; }

 private:
  time_point sent_;  ///< Of the last confirmed grant or renewal.
  time_point deadline_;
  time_point renew_at_;
  duration ttl_;
  /// A renewal whose answer was lost may still arrive, after a later one to a longer ttl was
  /// confirmed. From then on each deadline counts with the shortest ttl in doubt: whenever that renewal arrives,
  /// the store keeps the lease that long from then.
  duration doubted_ = duration::max();
  std::uint16_t failures_ = 0;
  bool renews_;
  bool under_way_ = false;
  state state_ = state::held;
};

}  // namespace holdfast::core
