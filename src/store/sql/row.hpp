#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/owner_id.hpp"

/// What the stores that keep leases in tables have in common: rows, paces, the protocol of the contended verbs, views.
/// Times are microseconds since 1970 by the server's clock.
namespace holdfast::sql {

/// An owner id as its column has it: 16 bytes.
using owner_bytes = std::array<char, 16>;
owner_bytes to_bytes(const core::owner_id& owner) noexcept;
inline std::string_view view_of(const owner_bytes& bytes) noexcept { return {bytes.data(), bytes.size()}; }
/// Nil unless there are 16 bytes.
core::owner_id from_bytes(std::string_view bytes) noexcept;

/// A row of the table of leases. A row without an owner is kept for the sake of `last`.
struct lease_row {
  std::string name;
  std::optional<core::owner_id> owner;
  std::uint64_t token = 0;  ///< Of the grant on record.
  std::uint64_t last = 0;   ///< The highest given away: no later token may be as low.
  std::int64_t expires = 0;
  std::int64_t since = 0;
  bool claimed = true;  ///< False while a hand-off awaits its claim.
  bool queued = false;  ///< Whether there may be waiters. Never false when there are.
  std::string party;
};

/// A row of the table of waiters.
struct waiter_row {
  std::string name;
  core::owner_id owner;
  std::int64_t seen = 0;  ///< Its last sign of life.
  std::int64_t since = 0;
  std::string party;
};

/// Tokens stay below this.
inline constexpr std::uint64_t token_limit = std::uint64_t{1} << 53;

}  // namespace holdfast::sql
