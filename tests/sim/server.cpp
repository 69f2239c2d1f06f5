#include "server.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::sim {

using outcome = core::turn_answer::outcome;

server::server(timeline& time, const profile& how, judge& court, std::size_t resources, sabotage broken)
    : time_{time}, how_{how}, court_{court}, broken_{broken}, opened_{time.now()}, seen_(resources) {}

time_point server::clock() const {
  const auto passed = time_.now() - opened_;
  const auto gained = static_cast<duration::rep>(static_cast<double>(passed.count()) * how_.drift);
  return opened_ + passed + duration{gained} + steps_;
}

// --- the verbs ---------------------------------------------------------------------------------------------------

core::turn_answer server::acquire(session from, const core::request& what, bool wait) {
  const auto before = seen_[index(what.resource)];
  auto answer = store_->acquire(from, what, wait, clock());
  look(index(what.resource), what.owner);
  check_answer(what, answer, before);
  if (broken_ == sabotage::tokens_fall) answer.token = falling_token(answer, what);
  return answer;
}

core::turn_answer server::claim(session from, const core::request& what) {
  const auto before = seen_[index(what.resource)];
  auto answer = store_->claim(from, what, clock());
  look(index(what.resource), what.owner);
  check_answer(what, answer, before);
  if (broken_ == sabotage::claim_for_anyone && answer.is == outcome::queued) {
    answer.is = outcome::granted;
    answer.ttl = what.ttl;
    answer.token = token_for_nothing();
  }
  if (broken_ == sabotage::tokens_fall) answer.token = falling_token(answer, what);
  return answer;
}

core::renew_verdict server::renew(session from, const core::lease_ref& what) {
  const auto verdict = store_->renew(from, what, clock());
  look(index(what.resource), what.owner);
  return broken_ == sabotage::renew_any_owner ? core::renew_verdict::renewed : verdict;
}

std::vector<core::wait_verdict> server::heartbeat(session from, const std::vector<core::waiter_ref>& waiters) {
  std::vector<core::wait_verdict> verdicts(waiters.size(), core::wait_verdict::unknown);
  store_->heartbeat(from, waiters, verdicts, clock());
  for (std::size_t r = 0; r < seen_.size(); ++r) look(r, {});
  return verdicts;
}

core::release_answer server::release(session from, const core::lease_ref& what) {
  auto whom = what;
  if (broken_ == sabotage::release_any_owner) whom.owner = holder(index(what.resource));
  const auto before = seen_[index(what.resource)];
  told_.clear();
  auto answer = store_->release(from, whom, clock());
  look(index(what.resource), what.owner);
  if (answer.is == core::release_answer::outcome::released) check_freed(index(what.resource), what.owner, before);
  return answer;
}

core::withdraw_answer server::withdraw(session from, const core::waiter_ref& what) {
  const auto before = seen_[index(what.resource)];
  told_.clear();
  auto answer = store_->withdraw(from, what, clock());
  look(index(what.resource), what.owner);
  if (answer.done) check_freed(index(what.resource), what.owner, before);
  answer.conclusive = !may_arrive(what.owner);
  return answer;
}

std::uint64_t server::falling_token(const core::turn_answer& answer, const core::request& what) {
  if (answer.is != outcome::granted) return answer.token;
  const auto [at, fresh] = counted_tokens_.emplace(what.owner, token_count_ + 1);
  if (fresh) token_count_ += 1 + what.reserve;
  return at->second;
}

// --- what befalls it ---------------------------------------------------------------------------------------------

void server::break_lease(std::size_t resource) {
  const auto owner = holder(resource);
  if (owner.nil() || is_foreign(owner)) return;
  court_.tell([&] { return "FAULT lease of " + name_of(owner) + " broken"; });
  court_.broken(resource, owner);
  seen_[resource].known = false;
  store_->break_lease(name(resource), owner, clock());
  look(resource, owner);
}

void server::keep_snapshot() {
  store_->keep_snapshot();
  snapshot_ = true;
  court_.tell([] { return "a snapshot is taken"; });
  snapshot_count_ = token_count_;
}

void server::forget() {
  if (!snapshot_) return;
  court_.tell([] { return "FAULT the store forgets"; });
  store_->restore();
  token_count_ = snapshot_count_;
  judge_forgotten();
}

void server::flush() {
  court_.tell([] { return "FAULT the store forgets everything"; });
  store_->flush();
  judge_forgotten();
}

void server::judge_forgotten() {
  for (auto& r : seen_) r = {};
  court_.disrupted();
  for (std::size_t r = 0; r < seen_.size(); ++r) {
    const auto now = store_->look(name(r), clock());
    if (!now.holder.nil() && !now.claimed) court_.revived(now.holder);
  }
}

/// The lock itself stays. Of the queue nothing can be expected.
void server::evict(std::size_t resource, rng& dice) {
  court_.tell([&] { return "FAULT the store drops a key beside r" + std::to_string(resource); });
  store_->evict(name(resource), dice);
  for (const auto& [owner, place] : seen_[resource].queue) left_.insert(owner);
}

bool server::foreign_lock(std::size_t resource, const core::owner_id& owner, duration ttl) {
  const bool got = store_->foreign_lock(name(resource), owner, ttl, clock());
  look(resource, owner);
  return got;
}

void server::foreign_unlock(std::size_t resource, const core::owner_id& owner) {
  store_->foreign_unlock(name(resource), owner, clock());
  look(resource, owner);
}

void server::foreign_delete(std::size_t resource, const core::owner_id& by) {
  const auto owner = holder(resource);
  if (owner.nil()) return;
  if (owner != by) {
    court_.tell([&] { return "FAULT somebody deletes the lock of " + name_of(owner); });
    court_.broken(resource, owner);
    seen_[resource].known = false;
  }
  store_->foreign_delete(name(resource), clock());
  look(resource, by);
}

void server::step_clock(duration by) {
  court_.tell([&] { return "FAULT the store's clock steps by " + std::to_string(by.count() / 1000) + " us"; });
  steps_ += by;
  for (auto& r : seen_) r.known = false;
  if (by > duration::zero()) court_.disrupted();
}

// --- looking at it -----------------------------------------------------------------------------------------------

core::owner_id server::holder(std::size_t resource) const { return store_->look(name(resource), clock()).holder; }

bool server::knows(std::size_t resource, const core::owner_id& owner) const {
  const auto now = store_->look(name(resource), clock());
  const auto is_it = [&](const contents::waiter& w) { return w.owner == owner; };
  return now.holder == owner || std::any_of(now.queue.begin(), now.queue.end(), is_it);
}

void server::look(std::size_t resource, const core::owner_id& actor) {
  auto& before = seen_[resource];
  const auto now = store_->look(name(resource), clock());
  // It may have the resource and know nothing of the queue: out of turn, but alone.
  if (store_->cut_short()) left_.insert(actor);
  if (before.known && before.holder != actor && !before.holder.nil() && clock() < before.expires &&
      (now.holder != before.holder || now.expires != before.expires))
    court_.fail("the lease of " + name_of(before.holder) + " was changed by " + name_of(actor));
  if (now.holder != before.holder) {
    court_.tell([&] {
      return "store: r" + std::to_string(resource) + " is " + name_of(now.holder) + "'s after a verb of " +
             name_of(actor);
    });
    if (!now.holder.nil() && !is_foreign(now.holder)) check_order(before, now);
  }
  court_.compare(resource, now.holder);
  const auto waits_too = [&](const contents::waiter& w) { return w.owner == now.holder && !left_.contains(w.owner); };
  if (std::any_of(now.queue.begin(), now.queue.end(), waits_too))
    court_.fail(name_of(now.holder) + " has the resource, and waits for it");

  seen_resource after{
      .holder = now.holder, .expires = now.expires, .queue = {}, .deaf = {}, .claimed = now.claimed, .known = true};
  for (const auto& w : now.queue) {
    const auto at = before.queue.find(w.owner);
    after.queue.emplace(w.owner, at == before.queue.end() ? ++last_place_ : at->second);
    if (w.deaf) after.deaf.insert(w.owner);
  }
  for (const auto& [owner, place] : before.queue)
    if (!after.queue.contains(owner)) left_.insert(owner);
  before = std::move(after);
}

/// Who is told that it stands in the queue stands there, and its head is told when to look for itself. And no copy of
/// an old request shortens a lease.
void server::check_answer(const core::request& what, const core::turn_answer& answer, const seen_resource& before) {
  const auto now = store_->look(what.resource, clock());
  if (before.known && before.claimed && before.holder == what.owner && now.holder == what.owner &&
      clock() < before.expires && now.expires < before.expires)
    court_.fail(name_of(what.owner) + " asked again, and has its lease for a shorter time now");
  if (answer.is != outcome::queued) return;
  const auto is_it = [&](const contents::waiter& w) { return w.owner == what.owner; };
  if (std::none_of(now.queue.begin(), now.queue.end(), is_it))
    court_.fail(name_of(what.owner) + " is told that it stands in the queue, and does not");
  const auto left = std::max(now.left, duration::zero());
  constexpr duration slack = std::chrono::milliseconds{10};
  if (answer.position == 0 && !now.holder.nil() &&
      (answer.look_again < left - slack || answer.look_again > left + slack))
    court_.fail(name_of(what.owner) + " is to look again when the lease does not end");
}

/// What its holder gave up goes to the next in line in the same step, and that one is told.
void server::check_freed(std::size_t resource, const core::owner_id& by, const seen_resource& before) {
  if (!before.known || before.holder != by || clock() >= before.expires) return;
  const auto& now = seen_[resource];
  const auto queue = store_->look(name(resource), clock()).queue;
  const auto waits = [&](const contents::waiter& w) { return w.in_line && !left_.contains(w.owner); };
  if (now.holder.nil() && std::any_of(queue.begin(), queue.end(), waits))
    court_.fail(name_of(by) + " freed r" + std::to_string(resource) + " and handed it to nobody");
  if (!now.holder.nil() && now.holder != by && !told_.contains(now.holder) && !before.deaf.contains(now.holder))
    court_.fail(name_of(now.holder) + " was not told of its turn");
}

void server::check_order(const seen_resource& before, const contents& now) const {
  if (left_.contains(now.holder)) return;
  const auto mine = before.queue.find(now.holder);
  for (const auto& w : now.queue) {
    if (!w.in_line) continue;
    const auto other = before.queue.find(w.owner);
    if (other == before.queue.end() || left_.contains(other->first)) continue;  // It came only now.
    if (mine == before.queue.end() || other->second < mine->second)
      court_.fail(name_of(now.holder) + " overtook " + name_of(other->first));
  }
}

}  // namespace holdfast::sim
