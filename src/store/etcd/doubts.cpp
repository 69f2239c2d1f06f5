#include "store/etcd/doubts.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace holdfast::etcd {
namespace {

/// How long a put may linger on its way.
constexpr duration remembered = std::chrono::minutes{10};
/// One that was not there is looked for no more often than that.
constexpr duration pause = std::chrono::seconds{1};

}  // namespace

doubts::doubt& doubts::at(const core::owner_id& owner) {  // mutex_ is held
  const auto found =
      std::find_if(all_.begin(), all_.end(), [&](const doubt& each) { return each.what.owner == owner; });
  if (found != all_.end()) return *found;
  all_.push_back({.what = {.owner = owner, .key = {}}, .since = {}});
  return all_.back();
}

void doubts::add(const core::owner_id& owner, std::string key) {
  const std::lock_guard lock{mutex_};
  auto& one = at(owner);
  one.what.key = std::move(key);
  one.since = boot_clock::now();
}

void doubts::begin(const core::owner_id& owner) {
  const std::lock_guard lock{mutex_};
  for (auto& each : all_)
    if (each.what.owner == owner) each.ended = false;
}

void doubts::end(const core::owner_id& owner) {
  const std::lock_guard lock{mutex_};
  for (auto& each : all_) each.ended = each.ended || each.what.owner == owner;
}

void doubts::leave(const core::owner_id& owner, std::string key) {
  const std::lock_guard lock{mutex_};
  auto& one = at(owner);
  one.what.key = std::move(key);
  one.since = boot_clock::now();
  one.ended = true;
  one.gone = false;
}

bool doubts::about(const core::owner_id& owner) const {
  const std::lock_guard lock{mutex_};
  return std::any_of(all_.begin(), all_.end(), [&](const doubt& each) { return each.what.owner == owner; });
}

std::string doubts::key_of(const core::owner_id& owner) const {
  const std::lock_guard lock{mutex_};
  const auto found =
      std::find_if(all_.begin(), all_.end(), [&](const doubt& each) { return each.what.owner == owner; });
  return found == all_.end() ? std::string{} : found->what.key;
}

std::vector<doubts::stray> doubts::due(std::size_t most) {
  const std::lock_guard lock{mutex_};
  std::vector<stray> found;
  if (all_.empty()) return found;
  const auto now = boot_clock::now();
  std::erase_if(all_, [&](const doubt& each) { return each.ended && each.gone && each.since + remembered < now; });
  for (auto& each : all_) {
    if (found.size() == most) break;
    if (!each.ended || (each.gone && now - each.looked < pause)) continue;
    each.looked = now;
    found.push_back(each.what);
  }
  return found;
}

void doubts::on_gone(const core::owner_id& owner) {
  const std::lock_guard lock{mutex_};
  const auto found =
      std::find_if(all_.begin(), all_.end(), [&](const doubt& each) { return each.what.owner == owner; });
  if (found == all_.end()) return;
  auto one = std::move(*found);
  all_.erase(found);
  one.gone = true;
  all_.push_back(std::move(one));  // Behind those that are to be looked for first.
}

}  // namespace holdfast::etcd
