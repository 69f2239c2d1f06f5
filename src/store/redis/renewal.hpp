#pragma once

#include <deque>
#include <span>
#include <string_view>
#include <vector>

#include "core/store.hpp"
#include "store/redis/layout.hpp"
#include "store/redis/protocol.hpp"

namespace holdfast::redis {

/// Keys and arguments of one renewal of many leases.
class renewal {
 public:
  explicit renewal(std::span<const core::lease_ref> leases);
  [[nodiscard]] std::span<const std::string_view> keys() const noexcept { return keys_; }
  [[nodiscard]] std::span<const std::string_view> words() const noexcept { return views_; }

 private:
  std::deque<resource_keys> kept_;
  std::vector<std::string_view> keys_;
  arguments words_;
  std::span<const std::string_view> views_;
};

/// Keys and arguments of one heartbeat of many waiters.
class beat {
 public:
  explicit beat(std::span<const core::waiter_ref> waiters);
  [[nodiscard]] std::span<const std::string_view> keys() const noexcept { return keys_; }
  [[nodiscard]] std::span<const std::string_view> words() const noexcept { return views_; }

 private:
  std::deque<resource_keys> resources_;
  std::vector<std::string_view> keys_;
  arguments words_;
  std::span<const std::string_view> views_;
};

}  // namespace holdfast::redis
