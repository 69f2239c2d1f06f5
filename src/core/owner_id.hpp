#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "holdfast/export.hpp"

namespace holdfast::core {

/// 128 random bits that name one tenure: one request to the store, and the lease that it gets.
/// Never reused, never per host, process or thread: that is what makes a late release harmless.
class owner_id {
 public:
  constexpr owner_id() noexcept = default;
  /// From the system's random source, buffered; thread-safe, and a forked child draws other numbers than its parent.
  HOLDFAST_EXPORT static owner_id random();
  constexpr owner_id(std::uint64_t high, std::uint64_t low) noexcept : high_{high}, low_{low} {}

  /// 32 lower-case hex digits.
  [[nodiscard]] HOLDFAST_EXPORT std::string hex() const;
  /// Nil unless `hex` is 32 hex digits.
  [[nodiscard]] HOLDFAST_EXPORT static owner_id from_hex(std::string_view hex) noexcept;

  [[nodiscard]] constexpr bool nil() const noexcept { return high_ == 0 && low_ == 0; }
  [[nodiscard]] constexpr std::uint64_t high() const noexcept { return high_; }
  [[nodiscard]] constexpr std::uint64_t low() const noexcept { return low_; }
  friend constexpr auto operator<=>(const owner_id&, const owner_id&) noexcept = default;

 private:
  std::uint64_t high_ = 0;
  std::uint64_t low_ = 0;
};

}  // namespace holdfast::core

template <>
struct std::hash<holdfast::core::owner_id> {
  std::size_t operator()(const holdfast::core::owner_id& id) const noexcept { return id.low(); }
};
