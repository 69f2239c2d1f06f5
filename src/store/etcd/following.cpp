#include "store/etcd/following.hpp"

#include <iterator>
#include <utility>

namespace holdfast::etcd {
namespace {

constexpr std::size_t most_kept = 16;
/// How often a watch may tell of somebody behind whom nobody of this client waits.
constexpr int most_unheard = 2;

}  // namespace

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

following::begun following::begin(const core::owner_id& owner, const std::string& key) {
  const std::lock_guard lock{mutex_};
  if (const auto kept = kept_.extract(key)) {
    auto& again = watches_.at(kept.mapped());
    again.owner = owner;
    again.unheard = 0;
    by_owner_[owner] = kept.mapped();
    return {.number = kept.mapped(), .made = false};
  }
  const auto number = ++last_;
  watches_.emplace(number, watch{.key = key, .owner = owner, .since = {}});
  by_owner_[owner] = number;
  return {.number = number, .made = true};
}

std::optional<std::int64_t> following::end(const core::owner_id& owner) {
  const std::lock_guard lock{mutex_};
  const auto mine = by_owner_.extract(owner);
  return mine ? let_go(watches_.find(mine.mapped())) : std::nullopt;
}

/// Kept, unless there is one for that key, or too many already.
std::optional<std::int64_t> following::let_go(watches::iterator which) {  // mutex_ is held
  which->second.owner = {};
  const auto number = which->first;
  if (which->second.since && kept_.size() < most_kept && kept_.emplace(which->second.key, number).second)
    return std::nullopt;
  watches_.erase(which);
  changed_.notify_all();
  return number;
}

void following::erase(watches::iterator which) {  // mutex_ is held
  if (which->second.owner.nil())
    kept_.erase(which->second.key);
  else
    by_owner_.erase(which->second.owner);
  watches_.erase(which);
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

void following::on_watching(std::int64_t number, revision at) {
  const std::lock_guard lock{mutex_};
  const auto found = watches_.find(number);
  if (found == watches_.end()) return;
  found->second.since = at;
  changed_.notify_all();
}

bool following::on_deleted(std::int64_t number, const entry& before, revision at) {
  core::owner_id owner;
  {
    const std::lock_guard lock{mutex_};
    const auto found = watches_.find(number);
    if (found == watches_.end()) return false;
    found->second.since = at;  // Whoever has the watch next has missed this.
    owner = found->second.owner;
    if (owner.nil() && ++found->second.unheard > most_unheard) {
      erase(found);
      return false;
    }
  }
  if (!owner.nil()) ear_->tell(owner, &before);
  return true;
}

void following::on_watch_lost(std::int64_t number) {
  core::owner_id owner;
  {
    const std::lock_guard lock{mutex_};
    const auto found = watches_.find(number);
    if (found == watches_.end()) return;
    owner = found->second.owner;
    erase(found);
    changed_.notify_all();
  }
  if (!owner.nil()) ear_->tell(owner);
}

/// Whose watch was to begin is not told: it looks again soon anyway, and told at once would only be refused once more.
void following::on_refused() {
  const std::lock_guard lock{mutex_};
  over_ = true;
  for (auto each = watches_.begin(); each != watches_.end();) {
    const auto next = std::next(each);
    if (!each->second.since) erase(each);
    each = next;
  }
  changed_.notify_all();
}

void following::on_stream_lost() {
  bool any = false;
  {
    const std::lock_guard lock{mutex_};
    over_ = true;
    any = !by_owner_.empty();
    watches_.clear();
    by_owner_.clear();
    kept_.clear();
    changed_.notify_all();
  }
  if (any) ear_->tell({});
}

}  // namespace holdfast::etcd
