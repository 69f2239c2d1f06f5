#pragma once

#include <compare>
#include <cstdint>

namespace holdfast {

/// A number below 2^53 that rises with every turn on a resource. Hand it to what the lock protects, and let that
/// refuse anything lower than the highest it has seen: so a holder that was paused past its deadline does no harm.
/// 0 is no turn's token.
class fencing_token {
 public:
  constexpr fencing_token() noexcept = default;
  constexpr explicit fencing_token(std::uint64_t value) noexcept : value_{value} {}
  [[nodiscard]] constexpr std::uint64_t value() const noexcept { return value_; }
  friend constexpr auto operator<=>(fencing_token, fencing_token) noexcept = default;

 private:
  std::uint64_t value_ = 0;
};

}  // namespace holdfast
