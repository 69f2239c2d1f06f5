#include "server.hpp"

#include <utility>

namespace holdfast::sim {

using outcome = core::turn_answer::outcome;

namespace {

memory::paces paces_of(const profile& how) {
  return {.claim_window = how.claim_window,
          .heartbeat_every = how.heartbeat_every,
          .stale_after = how.stale_after,
          .forget_after = how.stale_after * 3};
}

/// Tokens are microseconds of a wall clock, which stands somewhere in the 2020s.
constexpr std::uint64_t first_token = 1'700'000'000'000'000;

}  // namespace

server::server(timeline& time, rng& dice, const profile& how, judge& court, std::size_t resources, sabotage broken)
    : time_{time},
      dice_{dice},
      how_{how},
      court_{court},
      broken_{broken},
      opened_{time.now()},
      model_{time.now(), first_token, paces_of(how)},
      seen_(resources) {}

time_point server::clock() const {
  const auto passed = time_.now() - opened_;
  const auto gained = static_cast<duration::rep>(static_cast<double>(passed.count()) * how_.drift);
  // The model's time never goes back (a store whose clock does has to see to that): where it is stepped back, it stands.
  latest_ = std::max(latest_, opened_ + passed + duration{gained} + steps_);
  return latest_;
}

// --- the verbs ---------------------------------------------------------------------------------------------------

core::turn_answer server::acquire(const core::request& what, bool wait, memory::session_id session) {
  auto answer = model_.acquire(what, wait, session, clock());
  look(index(what.resource), what.owner);
  if (broken_ == sabotage::tokens_fall) answer.token = falling_token(answer, what);
  return answer;
}

core::turn_answer server::claim(const core::request& what) {
  auto answer = model_.claim(what, clock());
  look(index(what.resource), what.owner);
  if (broken_ == sabotage::claim_for_anyone && answer.is == outcome::queued) {
    answer.is = outcome::granted;
    answer.ttl = what.ttl;
    answer.token = model_.highest_token() + 1;
  }
  if (broken_ == sabotage::tokens_fall) answer.token = falling_token(answer, what);
  return answer;
}

core::renew_verdict server::renew(const core::lease_ref& what) {
  const auto verdict = model_.renew(what, clock());
  look(index(what.resource), what.owner);
  return broken_ == sabotage::renew_any_owner ? core::renew_verdict::renewed : verdict;
}

std::vector<core::wait_verdict> server::heartbeat(const std::vector<core::waiter_ref>& waiters) {
  std::vector<core::wait_verdict> verdicts(waiters.size(), core::wait_verdict::unknown);
  model_.heartbeat(waiters, verdicts, clock());
  for (std::size_t r = 0; r < seen_.size(); ++r) look(r, {});
  return verdicts;
}

core::release_answer server::release(const core::lease_ref& what) {
  auto whom = what;
  if (broken_ == sabotage::release_any_owner) whom.owner = holder(index(what.resource));
  auto answer = model_.release(whom, clock());
  look(index(what.resource), what.owner);
  return answer;
}

core::withdraw_answer server::withdraw(const core::waiter_ref& what) {
  auto answer = model_.withdraw(what, clock());
  look(index(what.resource), what.owner);
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
  if (owner.nil()) return;
  court_.tell([&] { return "FAULT lease of " + name_of(owner) + " broken"; });
  court_.broken(resource, owner);
  seen_[resource].known = false;
  (void)model_.break_lease(name(resource), std::nullopt, owner, clock());
  look(resource, owner);
}

void server::keep_snapshot() {
  snapshot_ = model_;
  court_.tell([] { return "a snapshot is taken"; });
  snapshot_count_ = token_count_;
}

void server::forget() {
  if (!snapshot_) return;
  court_.tell([] { return "FAULT the store forgets"; });
  model_ = *snapshot_;
  token_count_ = snapshot_count_;
  for (auto& r : seen_) r = {};
  court_.disrupted();
  for (std::size_t r = 0; r < seen_.size(); ++r) {
    const auto view = model_.inspect(name(r), clock());
    if (!view.holders.empty() && !view.holders.front().claimed) court_.revived(holder(r));
  }
}

void server::step_clock(duration by) {
  court_.tell([&] { return "FAULT the store's clock steps by " + std::to_string(by.count() / 1000) + " us"; });
  steps_ += by;
  for (auto& r : seen_) r.known = false;
  if (by > duration::zero()) court_.disrupted();
}

// --- looking at it -----------------------------------------------------------------------------------------------

core::owner_id server::holder(std::size_t resource) const {
  const auto view = model_.inspect(name(resource), clock());
  return view.holders.empty() ? core::owner_id{} : core::owner_id::from_hex(view.holders.front().who.owner);
}

bool server::knows(std::size_t resource, const core::owner_id& owner) const {
  const auto view = model_.inspect(name(resource), clock());
  const auto hex = owner.hex();
  for (const auto& h : view.holders)
    if (h.who.owner == hex) return true;
  for (const auto& w : view.waiters)
    if (w.who.owner == hex) return true;
  return false;
}

bool server::empty(std::size_t resource) const {
  const auto view = model_.inspect(name(resource), clock());
  return view.holders.empty() && view.waiters.empty();
}

void server::look(std::size_t resource, const core::owner_id& actor) {
  auto& before = seen_[resource];
  const auto view = model_.inspect(name(resource), clock());
  core::owner_id holder;
  time_point expires{};
  if (!view.holders.empty()) {
    holder = core::owner_id::from_hex(view.holders.front().who.owner);
    expires = clock() + view.holders.front().expires_in;
  }
  if (before.known && before.holder != actor && !before.holder.nil() && clock() < before.expires &&
      (holder != before.holder || expires != before.expires))
    court_.fail("the lease of " + name_of(before.holder) + " was changed by " + name_of(actor));
  if (holder != before.holder) {
    court_.tell([&] {
      return "store: r" + std::to_string(resource) + " is " + name_of(holder) + "'s after a verb of " + name_of(actor);
    });
    if (!holder.nil()) check_order(before, view, holder);
  }
  court_.compare(resource, holder);

  seen_resource after{.holder = holder, .expires = expires, .queue = {}, .known = true};
  for (const auto& w : view.waiters) {
    const auto owner = core::owner_id::from_hex(w.who.owner);
    const auto at = before.queue.find(owner);
    after.queue.emplace(owner, at == before.queue.end() ? ++last_place_ : at->second);
  }
  for (const auto& [owner, place] : before.queue)
    if (!after.queue.contains(owner)) left_.insert(owner);
  before = std::move(after);
  for (const auto& h : model_.take_hints()) hint_sink_(h.session, h.owner);
}

void server::check_order(const seen_resource& before, const resource_view& now, const core::owner_id& holder) const {
  if (left_.contains(holder)) return;
  const auto mine = before.queue.find(holder);
  for (const auto& w : now.waiters) {
    if (!w.alive) continue;
    const auto other = before.queue.find(core::owner_id::from_hex(w.who.owner));
    if (other == before.queue.end() || left_.contains(other->first)) continue;  // It came only now.
    if (mine == before.queue.end() || other->second < mine->second)
      court_.fail(name_of(holder) + " overtook " + name_of(other->first));
  }
}

}  // namespace holdfast::sim
