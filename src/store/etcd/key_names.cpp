#include "store/etcd/key_names.hpp"

#include "store/etcd/layout.hpp"

namespace holdfast::etcd {

std::string key_names::take(std::string_view resource, lease_id lease, const core::owner_id& owner) {
  auto name = key_of(resource, lease);
  const std::lock_guard lock{mutex_};
  if (owners_.contains(name)) name = key_of(resource, lease, owner);
  owners_.emplace(name, owner);
  names_.insert_or_assign(owner, name);
  return name;
}

std::string key_names::of(const core::owner_id& owner) const {
  const std::lock_guard lock{mutex_};
  const auto found = names_.find(owner);
  return found == names_.end() ? std::string{} : found->second;
}

void key_names::give_back(const core::owner_id& owner) {
  const std::lock_guard lock{mutex_};
  const auto mine = names_.extract(owner);
  if (mine) owners_.erase(mine.mapped());
}

}  // namespace holdfast::etcd
