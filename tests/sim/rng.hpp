#pragma once

#include <cstdint>

#include "holdfast/clock.hpp"

namespace holdfast::sim {

/// A small generator of our own: the same seed gives the same schedule with every compiler and library (splitmix64).
class rng {
 public:
  explicit rng(std::uint64_t seed) noexcept : state_{seed * 0x9e3779b97f4a7c15ULL + 0x1234567ULL} {}

  std::uint64_t next() noexcept {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  /// In [low, high].
  std::int64_t between(std::int64_t low, std::int64_t high) noexcept {
    return low + static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(high - low + 1));
  }
  duration between(duration low, duration high) noexcept { return duration{between(low.count(), high.count())}; }
  /// True in so many of a thousand cases.
  bool chance(unsigned per_mille) noexcept { return next() % 1000 < per_mille; }
  std::size_t below(std::size_t n) noexcept { return static_cast<std::size_t>(next() % n); }

 private:
  std::uint64_t state_;
};

}  // namespace holdfast::sim
