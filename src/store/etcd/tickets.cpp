#include "store/etcd/tickets.hpp"

#include <algorithm>
#include <utility>

#include "store/etcd/layout.hpp"

namespace holdfast::etcd {

void tickets::put(const core::owner_id& owner, ticket what) {
  const std::lock_guard lock{mutex_};
  all_.insert_or_assign(owner, std::move(what));
}

std::optional<ticket> tickets::find(const core::owner_id& owner) const {
  const std::lock_guard lock{mutex_};
  const auto found = all_.find(owner);
  return found == all_.end() ? std::nullopt : std::optional{found->second};
}

std::optional<ticket> tickets::take(const core::owner_id& owner) {
  const std::lock_guard lock{mutex_};
  auto node = all_.extract(owner);
  return node ? std::optional{std::move(node.mapped())} : std::nullopt;
}

bool tickets::any_waits() const {
  const std::lock_guard lock{mutex_};
  return std::any_of(all_.begin(), all_.end(), [](const auto& each) { return !each.second.held; });
}

std::vector<std::shared_ptr<session>> tickets::awaited_sessions() const {
  const std::lock_guard lock{mutex_};
  std::vector<std::shared_ptr<session>> found;
  for (const auto& [owner, each] : all_)
    if (!each.held && each.on && std::find(found.begin(), found.end(), each.on) == found.end())
      found.push_back(each.on);
  return found;
}

void tickets::on_before_gone(const core::owner_id& owner, const entry& seen) {
  const bool held = is_claimed(seen);
  const std::lock_guard lock{mutex_};
  const auto found = all_.find(owner);
  if (found == all_.end()) return;
  auto& mine = found->second;
  if (held && seen.key == mine.before && seen.created == mine.before_created) mine.first = true;
  mine.before.clear();
}

bool tickets::on_before(const core::owner_id& owner, revision created, const entry& before) {
  const std::lock_guard lock{mutex_};
  const auto found = all_.find(owner);
  if (found == all_.end() || found->second.created != created || found->second.held || found->second.first)
    return false;
  found->second.before = before.key;
  found->second.before_created = before.created;
  return true;
}

void tickets::on_first(const core::owner_id& owner, revision created) {
  const std::lock_guard lock{mutex_};
  const auto found = all_.find(owner);
  if (found != all_.end() && found->second.created == created) found->second.first = true;
}

}  // namespace holdfast::etcd
