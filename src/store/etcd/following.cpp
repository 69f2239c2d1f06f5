#include "store/etcd/following.hpp"

#include <utility>

namespace holdfast::etcd {

void ear::set(core::store::turn_callback callback) {
  const std::lock_guard lock{telling_};
  callback_ = std::make_shared<const core::store::turn_callback>(std::move(callback));
}

void ear::tell(const core::owner_id& owner, const entry* seen) {
  const std::lock_guard lock{telling_};
  if (tickets_ == nullptr) return;
  if (seen != nullptr) tickets_->on_before_gone(owner, *seen);
  const auto callback = callback_;  // Kept: the store may go within it.
  if (callback && *callback) (*callback)(owner);
}

void ear::close() {
  const std::lock_guard lock{telling_};
  tickets_ = nullptr;
}

std::int64_t following::begin(const core::owner_id& owner) {
  const std::lock_guard lock{mutex_};
  const auto number = ++last_;
  watches_.emplace(number, watch{.owner = owner, .since = {}});
  by_owner_[owner] = number;
  return number;
}

std::optional<std::int64_t> following::end(const core::owner_id& owner) {
  const std::lock_guard lock{mutex_};
  const auto node = by_owner_.extract(owner);
  if (!node) return std::nullopt;
  watches_.erase(node.mapped());
  return node.mapped();
}

bool following::has(const core::owner_id& owner) const {
  const std::lock_guard lock{mutex_};
  return by_owner_.contains(owner);
}

bool following::over() const {
  const std::lock_guard lock{mutex_};
  return over_;
}

std::optional<revision> following::await(std::int64_t number, time_point by) {
  std::unique_lock lock{mutex_};
  while (true) {
    const auto found = watches_.find(number);
    if (found == watches_.end()) return std::nullopt;
    if (found->second.since) return found->second.since;
    const auto left = by - boot_clock::now();
    if (left <= duration::zero()) return std::nullopt;
    changed_.wait_for(lock, left);
  }
}

std::optional<core::owner_id> following::owner_of(std::int64_t number) const {
  const std::lock_guard lock{mutex_};
  const auto found = watches_.find(number);
  return found == watches_.end() ? std::nullopt : std::optional{found->second.owner};
}

void following::on_watching(std::int64_t number, revision at) {
  const std::lock_guard lock{mutex_};
  const auto found = watches_.find(number);
  if (found == watches_.end()) return;
  found->second.since = at;
  changed_.notify_all();
}

void following::on_deleted(std::int64_t number, const entry& before) {
  if (const auto owner = owner_of(number)) ear_->tell(*owner, &before);
}

void following::on_watch_lost(std::int64_t number) {
  const auto owner = owner_of(number);
  if (!owner) return;
  static_cast<void>(end(*owner));
  {
    const std::lock_guard lock{mutex_};
    changed_.notify_all();
  }
  ear_->tell(*owner);
}

/// Whose watch was to begin is not told: it looks again soon anyway, and told at once would only be refused once more.
void following::on_refused() {
  const std::lock_guard lock{mutex_};
  over_ = true;
  std::erase_if(watches_, [&](const auto& each) {
    if (each.second.since) return false;
    by_owner_.erase(each.second.owner);
    return true;
  });
  changed_.notify_all();
}

void following::on_stream_lost() {
  bool any = false;
  {
    const std::lock_guard lock{mutex_};
    over_ = true;
    any = !watches_.empty();
    watches_.clear();
    by_owner_.clear();
    changed_.notify_all();
  }
  if (any) ear_->tell({});
}

}  // namespace holdfast::etcd
