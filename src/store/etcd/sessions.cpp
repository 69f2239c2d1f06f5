#include "store/etcd/sessions.hpp"

#include <algorithm>
#include <chrono>

#include "holdfast/options.hpp"

namespace holdfast::etcd {

std::int64_t sessions::whole_seconds(duration ttl) {
  const auto whole = std::chrono::ceil<std::chrono::seconds>(ttl).count();
  return std::max<std::int64_t>(whole, 1);
}

std::shared_ptr<session> sessions::make(std::int64_t seconds, session::use what_for, time_point by) {
  return std::make_shared<session>(with_.grant(seconds, by), seconds, what_for);
}

bool sessions::renew(session& which, time_point by) {
  if (which.lapse(boot_clock::now())) {
    try {
      with_.revoke(which.lease(), by);
    } catch (const std::exception&) {  // It runs out by itself.
    }
  }
  if (which.over()) return false;
  const auto before = which.before_sending();
  const bool apart = which.overdue(boot_clock::now());
  const auto answer = apart ? with_.keep_alive_apart(which.lease(), by) : with_.keep_alive(which.lease(), by);
  return which.on_renewed(before, answer, boot_clock::now());
}

bool sessions::freshen(session& which, time_point by) {
  if (which.over()) return false;
  return !which.due(boot_clock::now()) || renew(which, by);
}

std::shared_ptr<session> sessions::for_holding(duration ttl, bool shared, time_point by) {
  const auto seconds = whole_seconds(ttl);
  if (!shared) return make(seconds, session::use::single, by);
  const auto known = [&] {
    const std::lock_guard lock{mutex_};
    const auto found = shared_.find(seconds);
    return found == shared_.end() ? nullptr : found->second;
  };
  if (auto found = known(); found && !found->over() && !found->due(boot_clock::now())) return found;
  const one_at_a_time::turn alone{making_, by};
  if (auto found = known()) {
    if (!found->over() && freshen(*found, by)) return found;
  }
  auto made = make(seconds, session::use::shared, by);
  const std::lock_guard lock{mutex_};
  shared_[seconds] = made;
  return made;
}

std::shared_ptr<session> sessions::waiting() {
  const std::lock_guard lock{mutex_};
  return waiting_ && !waiting_->over() ? waiting_ : nullptr;
}

std::shared_ptr<session> sessions::for_waiting(time_point by) {
  const one_at_a_time::turn alone{making_, by};
  if (auto found = waiting(); found && freshen(*found, by)) return found;
  auto made = make(waiting_seconds, session::use::waiting, by);
  const std::lock_guard lock{mutex_};
  waiting_ = made;
  return made;
}

void sessions::drop(const std::shared_ptr<session>& which) {
  const std::lock_guard lock{mutex_};
  if (waiting_ == which) waiting_ = nullptr;
  std::erase_if(shared_, [&](const auto& each) { return each.second == which; });
}

std::vector<std::shared_ptr<session>> sessions::take_idle() {
  const std::lock_guard lock{mutex_};
  std::vector<std::shared_ptr<session>> idle;
  for (const auto& [seconds, each] : shared_)
    if (each->idle() && !each->expired(boot_clock::now())) idle.push_back(each);
  shared_.clear();
  return idle;
}

}  // namespace holdfast::etcd
