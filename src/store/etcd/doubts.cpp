#include "store/etcd/doubts.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace holdfast::etcd {
namespace {

constexpr duration remembered = std::chrono::minutes{10};
constexpr std::size_t most = 100;  // As many as one transaction deletes.

}  // namespace

void doubts::add(const core::owner_id& owner, std::string key) {
  const std::lock_guard lock{mutex_};
  std::erase_if(all_, [&](const doubt& each) { return each.owner == owner; });
  all_.push_back({owner, std::move(key), boot_clock::now()});
  if (all_.size() > most) all_.pop_front();
}

bool doubts::about(const core::owner_id& owner) const {
  const std::lock_guard lock{mutex_};
  return std::any_of(all_.begin(), all_.end(), [&](const doubt& each) { return each.owner == owner; });
}

bool doubts::about_key(std::string_view key) const {
  const std::lock_guard lock{mutex_};
  return std::any_of(all_.begin(), all_.end(), [&](const doubt& each) { return each.key == key; });
}

std::string doubts::key_of(const core::owner_id& owner) const {
  const std::lock_guard lock{mutex_};
  const auto found = std::find_if(all_.begin(), all_.end(), [&](const doubt& each) { return each.owner == owner; });
  return found == all_.end() ? std::string{} : found->key;
}

void doubts::forget_old() {
  const auto limit = boot_clock::now() - remembered;
  while (!all_.empty() && all_.front().since < limit) all_.pop_front();
}

}  // namespace holdfast::etcd
