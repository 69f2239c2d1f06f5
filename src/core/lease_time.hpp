#pragma once

#include <algorithm>
#include <chrono>

#include "holdfast/clock.hpp"

/// The times of a lease. They are the same for every store.
namespace holdfast::core {

/// The instant after which the client no longer says "held": a hundredth of the ttl and 2 ms before the store may free
/// it, so that two clocks that differ in rate, and the work of noticing, stay within it.
/// `sent` is just before the write of the attempt whose answer was read: the store's ttl began no earlier.
constexpr time_point lease_deadline(time_point sent, duration ttl) {
  return sent + ttl - ttl / 100 - std::chrono::milliseconds{2};
}

constexpr duration renewal_period(duration ttl) { return ttl / 3; }
constexpr duration jeopardy_after(duration ttl) { return ttl / 2; }

/// A grant with less than this left is given back: there is no use in a lock that is as good as over.
constexpr duration least_useful(duration ttl) { return ttl / 10; }

/// The pause before a failed verb is tried again; `tries` counts the failures in a row.
constexpr duration retry_pause(unsigned tries) {
  constexpr duration first = std::chrono::milliseconds{20};
  return std::min<duration>(first * (1u << std::min(tries, 6u)), std::chrono::seconds{1});
}

}  // namespace holdfast::core
