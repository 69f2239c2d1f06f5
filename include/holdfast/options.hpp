#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "holdfast/clock.hpp"
#include "holdfast/observer.hpp"

namespace holdfast {

/// The ttl when none is asked for, and the shortest that is taken.
inline constexpr duration default_ttl = std::chrono::seconds{30};
inline constexpr duration shortest_ttl = std::chrono::milliseconds{100};
/// The longest ttl that is taken: long enough for anybody, short enough that no sum of times overflows.
inline constexpr duration longest_ttl = std::chrono::hours{24 * 365};
/// The longest name of a resource, in bytes.
inline constexpr std::size_t longest_name = 255;

struct client_options {
  duration command_timeout = std::chrono::seconds{5};  ///< The bound of each verb sent to the store.
  duration connect_timeout = std::chrono::seconds{5};  ///< The bound of connecting (opening, logging in).
  std::shared_ptr<holdfast::observer> observer{};      ///< May be null.
  std::shared_ptr<holdfast::clock> clock{};            ///< Null: boot_clock.
};

struct lock_options {
  duration ttl = default_ttl;  ///< How long the store keeps the lease if nobody renews it.
  bool renew = true;           ///< Renew in the background, at a third of the ttl (watchdog, 看门狗).
  std::string note{};          ///< Free text that `show` prints beside the holder.
};

struct wait_options {
  std::optional<duration> timeout{};  ///< None: wait for ever. Zero or less: do not wait (busy).
  std::stop_token stop{};             ///< Stopping it ends the wait with errc::cancelled.
};

}  // namespace holdfast
