#include "store/redis/doubts.hpp"

#include <algorithm>

namespace holdfast::redis {

void doubts::add(const core::owner_id& owner, std::uint64_t connection, const channel& at) {
  const std::lock_guard lock{mutex_};
  // Owners that nobody asks about any more go once the server has dropped their connections. The one in use is settled
  // only for calls that follow, so it is no reason.
  if (connections_.size() >= 1024)
    std::erase_if(connections_, [&](const auto& each) { return each.second != connection && at.settled(each.second); });
  connections_.emplace(owner, connection);
}

bool doubts::settled(const core::owner_id& owner, const channel& at) const {
  const std::lock_guard lock{mutex_};
  const auto [first, last] = connections_.equal_range(owner);
  return std::all_of(first, last, [&](const auto& each) { return at.settled(each.second); });
}

void doubts::forget(const core::owner_id& owner) {
  const std::lock_guard lock{mutex_};
  if (!connections_.empty()) connections_.erase(owner);
}

}  // namespace holdfast::redis
