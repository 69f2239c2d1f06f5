#include "store/etcd/session.hpp"

#include <utility>

namespace holdfast::etcd {

lease_proof::mark session::before_sending() const {
  const std::lock_guard lock{mutex_};
  return proof_.before_sending();
}

bool session::on_renewed(const lease_proof::mark& before, const lease_reply& answer, time_point now) {
  const std::lock_guard lock{mutex_};
  if (over_) return false;
  if (answer.seconds > 0) {
    proof_.on_renewed(before, answer.from, answer.sent);
  } else {
    over_ = true;
    over_since_ = now;
    revoked_ = now - proof_.tried() < ttl_ && answer.from.term == term_ && proof_.before_sending().seen.term == term_;
    held_.clear();
  }
  return !over_;
}

void session::on_answer(const lease_proof::mark& before, const header& from) {
  const std::lock_guard lock{mutex_};
  if (!over_) proof_.on_answer(before, from);
}

time_point session::confirmed() const {
  const std::lock_guard lock{mutex_};
  return proof_.confirmed();
}

bool session::due(time_point now) const {
  const std::lock_guard lock{mutex_};
  return now - proof_.tried() >= ttl_ / 3;
}

bool session::overdue(time_point now) const {
  const std::lock_guard lock{mutex_};
  return now - proof_.tried() >= ttl_ - ttl_ / 4;
}

bool session::expired(time_point now) const {
  const std::lock_guard lock{mutex_};
  return over_ || now - proof_.tried() >= ttl_ + ttl_ / 2;
}

bool session::lapse(time_point now) {
  const std::lock_guard lock{mutex_};
  if (over_ || use_ == use::waiting || now - proof_.tried() < ttl_) return false;
  over_ = true;
  over_since_ = now;
  held_.clear();
  return true;
}

bool session::over() const {
  const std::lock_guard lock{mutex_};
  return over_;
}

bool session::revoked() const {
  const std::lock_guard lock{mutex_};
  return revoked_;
}

bool session::may_have_run_out(time_point now) const {
  const std::lock_guard lock{mutex_};
  return over_ ? !revoked_ : now - proof_.tried() >= ttl_ || proof_.before_sending().seen.term != term_;
}

duration session::unanswered(time_point now) const {
  const std::lock_guard lock{mutex_};
  return (over_ ? over_since_ : now) - proof_.tried();
}

void session::end() {
  const std::lock_guard lock{mutex_};
  over_ = true;
  held_.clear();
}

void session::add(const core::owner_id& owner, held_key what) {
  const std::lock_guard lock{mutex_};
  if (!over_) held_.insert_or_assign(owner, std::move(what));
}

void session::remove(const core::owner_id& owner) {
  const std::lock_guard lock{mutex_};
  held_.erase(owner);
}

bool session::idle() const {
  const std::lock_guard lock{mutex_};
  return held_.empty();
}

bool session::holds(const core::owner_id& owner) const {
  const std::lock_guard lock{mutex_};
  return held_.contains(owner);
}

bool session::holds_since(const core::owner_id& owner, time_point before) const {
  const std::lock_guard lock{mutex_};
  const auto found = held_.find(owner);
  return found != held_.end() && found->second.since <= before;
}

std::vector<std::pair<core::owner_id, held_key>> session::held() const {
  const std::lock_guard lock{mutex_};
  return {held_.begin(), held_.end()};
}

void session::lose(const core::owner_id& owner, revision created) {
  const std::lock_guard lock{mutex_};
  const auto found = held_.find(owner);
  if (found != held_.end() && found->second.created == created) held_.erase(found);
}

}  // namespace holdfast::etcd
