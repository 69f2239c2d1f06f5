#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "holdfast/clock.hpp"

namespace holdfast::sql {

/// How long a hand-off waits for its claim.
inline constexpr duration claim_window = std::chrono::seconds{2};
inline constexpr duration heartbeat_every = std::chrono::milliseconds{500};
/// A waiter that gave no sign of life for so long is passed over. No longer than the claim window: however many die at
/// the head of a queue, only the first of them costs one, for by its end the others are known to be dead.
inline constexpr duration stale_after = std::chrono::seconds{2};
/// A stale waiter keeps its place that long, should it come back.
inline constexpr duration forget_after = std::chrono::seconds{30};

/// When a waiter looks unasked. The head does when the holder's time is over; those behind it a little later, should
/// the head be dead by then. None waits long to look: a wake-up that was lost costs no more than that.
inline duration look_again(duration left, std::uint32_t position) noexcept {
  constexpr duration grace = std::chrono::milliseconds{2};
  constexpr duration step = std::chrono::milliseconds{50};
  constexpr duration longest = std::chrono::seconds{5};
  return std::min(left, longest) + grace + step * std::min<std::uint32_t>(position, 40);
}

inline constexpr std::int64_t in_us(duration span) noexcept {
  return std::chrono::duration_cast<std::chrono::microseconds>(span).count();
}

}  // namespace holdfast::sql
