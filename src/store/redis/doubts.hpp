#pragma once

#include <cstdint>
#include <mutex>
#include <unordered_map>

#include "core/owner_id.hpp"
#include "store/redis/channel.hpp"

namespace holdfast::redis {

/// Which owners' requests went without an answer, and on which connections: as long as one of those is not settled, the
/// request may still be carried out. Thread-safe.
class doubts {
 public:
  void add(const core::owner_id& owner, std::uint64_t connection, const channel& at);
  /// To be asked once the call was answered whose answer is to be the last word (channel::settled).
  [[nodiscard]] bool settled(const core::owner_id& owner, const channel& at) const;
  void forget(const core::owner_id& owner);

 private:
  mutable std::mutex mutex_;
  std::unordered_multimap<core::owner_id, std::uint64_t> connections_;  // guarded by mutex_
};

}  // namespace holdfast::redis
