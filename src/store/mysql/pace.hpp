#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "store/sql/pace.hpp"

namespace holdfast::mysql {

/// For all waiters of a process at once.
inline constexpr duration heartbeat_every = std::chrono::milliseconds{700};
/// A heartbeat stands in for a poll, so this makes at most 20 statements a second for a process that waits.
inline constexpr duration shortest_poll = std::chrono::milliseconds{51};
/// Waiters that nobody asked after for so long are cleaned up.
inline constexpr duration abandoned_after = std::chrono::minutes{5};
/// A lease that ran out without a release stays on record for so long after: its holder may be alive, and the server's
/// clock have been set forward before this client came.
inline constexpr duration unreleased_margin = std::chrono::hours{24};

/// Names come and go: of so many owners that came to a new name, one makes some go.
inline constexpr std::uint64_t owners_a_clean_up = 32;

/// How long a statement waits for a row or table that another session has locked, before it is undone and sent again.
inline constexpr std::chrono::seconds lock_wait{2};

/// When a process looks again whose nearest waiter has `place` others before it.
inline duration poll_every(std::uint32_t place) noexcept {
  constexpr duration for_each = std::chrono::milliseconds{25};
  constexpr duration longest = std::chrono::milliseconds{800};
  return std::clamp<duration>(for_each * (std::min<std::uint32_t>(place, 100) + 1), shortest_poll, longest);
}

}  // namespace holdfast::mysql
