#include "store/postgres/lost_sessions.hpp"

namespace holdfast::postgres {

void lost_sessions::add(const core::owner_id& owner, const connection& on, time_point forget_at) {
  const std::lock_guard lock{mutex_};
  const auto now = boot_clock::now();
  std::erase_if(lost_, [&](const auto& each) { return each.second.forget_at < now; });
  lost_.emplace(owner, entry{on.served_by(), forget_at});
  none_ = false;
}

std::vector<connection::backend> lost_sessions::of(const core::owner_id& owner) {
  const std::lock_guard lock{mutex_};
  std::vector<connection::backend> found;
  const auto [first, last] = lost_.equal_range(owner);
  for (auto each = first; each != last; ++each) found.push_back(each->second.session);
  return found;
}

void lost_sessions::forget(const core::owner_id& owner) {
  const std::lock_guard lock{mutex_};
  lost_.erase(owner);
  none_ = lost_.empty();
}

}  // namespace holdfast::postgres
