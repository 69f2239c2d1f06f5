#include "store/memory/model.hpp"

#include <algorithm>
#include <utility>

#include "core/party_text.hpp"

namespace holdfast::memory {

using core::turn_answer;
using outcome = core::turn_answer::outcome;

namespace {

turn_answer failure(errc code, std::string message) {
  turn_answer answer;
  answer.why = status{code, std::move(message)};
  return answer;
}

party described(const core::owner_id& owner, const std::string& text) {
  party who;
  core::read_party_text(text, who);
  who.owner = owner.hex();
  return who;
}

}  // namespace

model::model(time_point opened, std::uint64_t first_token, const paces& with)
    : paces_{with}, opened_{opened}, first_token_{first_token}, highest_token_{first_token} {}

// --- small questions ---------------------------------------------------------------------------------------------

model::resource* model::find(std::string_view name) {
  const auto found = resources_.find(name);
  return found == resources_.end() ? nullptr : &found->second;
}

bool model::alive(const waiter& who, time_point now) const { return now - who.seen < paces_.stale_after; }

bool model::is_held(const resource& it, time_point now) { return it.held && now < it.held->expires; }

bool model::is_held_by(const resource& it, const core::owner_id& owner) { return it.held && it.held->owner == owner; }

model::waiter* model::ticket_of(resource& it, const core::owner_id& owner) {
  const auto found = std::find_if(it.queue.begin(), it.queue.end(), [&](const waiter& w) { return w.owner == owner; });
  return found == it.queue.end() ? nullptr : &*found;
}

void model::drop_ticket(resource& it, const core::owner_id& owner) {
  std::erase_if(it.queue, [&](const waiter& w) { return w.owner == owner; });
}

// --- steps that verbs are made of --------------------------------------------------------------------------------

/// Gives a free resource to the first live waiter, for as long as a claim may take. Every verb that asks for a turn
/// goes through here first, so that nobody overtakes.
void model::hand_on(resource& it, time_point now) {
  std::erase_if(it.queue, [&](const waiter& w) { return now - w.seen >= paces_.forget_after; });
  if (is_held(it, now)) return;
  const auto next = std::find_if(it.queue.begin(), it.queue.end(), [&](const waiter& w) { return alive(w, now); });
  if (next == it.queue.end()) return;
  const auto token = next_token(it, next->reserve, now);
  hints_.push_back({next->session, next->owner});
  it.held = holder{next->owner, token, next->reserve, now, now + paces_.claim_window, false, std::move(next->party)};
  it.queue.erase(next);
}

std::uint64_t model::next_token(resource& it, std::uint32_t reserve, time_point now) {
  const auto passed = std::chrono::duration_cast<std::chrono::microseconds>(now - opened_).count();
  const auto clock = first_token_ + static_cast<std::uint64_t>(std::max<std::int64_t>(passed, 0));
  const auto token = std::max(it.last_token + 1, clock);
  it.last_token = token + reserve;
  highest_token_ = std::max(highest_token_, it.last_token);
  return token;
}

void model::grant(resource& it, const core::request& what, time_point now) {
  const auto token = next_token(it, what.reserve, now);
  it.held = holder{what.owner, token, what.reserve, now, now + what.ttl, true, what.party};
}

/// `what.owner` is the resource's holder of record: its lease begins (a hand-off), goes on (an answer was lost), or
/// begins anew with another token where it had run out, for somebody may have seen it expired.
turn_answer model::take_up(resource& it, const core::request& what, time_point now) {
  if (!is_held(it, now)) {
    grant(it, what, now);
  } else {
    // A late copy of an old request must not shorten a lease that was refreshed to a longer ttl since.
    const auto expires = now + what.ttl;
    it.held->expires = it.held->claimed ? std::max(it.held->expires, expires) : expires;
    it.held->claimed = true;
    it.held->party = what.party;
  }
  turn_answer answer;
  answer.is = outcome::granted;
  answer.token = it.held->token;
  answer.ttl = what.ttl;
  answer.sent = now;
  return answer;
}

turn_answer model::place(const resource& it, const core::owner_id& owner, time_point now) const {
  turn_answer answer;
  answer.is = outcome::queued;
  answer.sent = now;
  for (const auto& w : it.queue) {
    if (w.owner == owner) break;
    if (alive(w, now)) ++answer.position;
  }
  // The head looks when the holder's time is over; those behind it a little later, should the head be dead by then.
  constexpr duration step = std::chrono::milliseconds{100};
  const auto left = is_held(it, now) ? it.held->expires - now : duration::zero();
  answer.look_again = left + step * std::min<std::uint32_t>(answer.position, 20);
  return answer;
}

void model::set_free(resource& it, std::uint64_t used_up_to, time_point now) {
  const auto& held = *it.held;
  it.last_token = std::clamp(used_up_to, held.token, held.token + held.reserve);
  it.held.reset();
  hand_on(it, now);
}

/// Once the clock is past a free resource's last token, the next one is higher without remembering it.
void model::forget_if_idle(std::string_view name, time_point now) {
  const auto found = resources_.find(name);
  if (found == resources_.end() || found->second.held || !found->second.queue.empty()) return;
  const auto passed = std::chrono::duration_cast<std::chrono::microseconds>(now - opened_).count();
  const auto clock = first_token_ + static_cast<std::uint64_t>(std::max<std::int64_t>(passed, 0));
  if (clock > found->second.last_token) resources_.erase(found);
}

// --- the verbs ---------------------------------------------------------------------------------------------------

turn_answer model::acquire(const core::request& what, bool wait, session_id session, time_point now) {
  if (what.mode != core::lock_mode::exclusive || what.capacity != 1)
    return failure(errc::unsupported, "memory: keeps exclusive locks only, no shared ones nor semaphores");
  auto& it = resources_[what.resource];
  auto* ticket = ticket_of(it, what.owner);
  if (ticket != nullptr) ticket->seen = now;
  hand_on(it, now);
  if (is_held_by(it, what.owner)) return take_up(it, what, now);
  if (!is_held(it, now)) {  // And nobody alive waits, else hand_on would have found them.
    grant(it, what, now);
    return take_up(it, what, now);
  }
  if (!wait) {
    drop_ticket(it, what.owner);
    turn_answer answer;
    answer.is = outcome::busy;
    answer.sent = now;
    return answer;
  }
  if (ticket_of(it, what.owner) == nullptr)
    it.queue.push_back({what.owner, what.reserve, session, now, now, what.party});
  return place(it, what.owner, now);
}

turn_answer model::claim(const core::request& what, time_point now) {
  turn_answer gone;
  gone.is = outcome::gone;
  gone.sent = now;
  auto* const it = find(what.resource);
  if (it == nullptr) return gone;
  if (auto* const ticket = ticket_of(*it, what.owner)) ticket->seen = now;
  hand_on(*it, now);
  if (is_held_by(*it, what.owner)) return take_up(*it, what, now);
  return ticket_of(*it, what.owner) != nullptr ? place(*it, what.owner, now) : gone;
}

core::renew_verdict model::renew(const core::lease_ref& what, time_point now) {
  auto* const it = find(what.resource);
  if (it == nullptr || !is_held_by(*it, what.owner) || !is_held(*it, now) || !it->held->claimed)
    return core::renew_verdict::lost;
  it->held->expires = now + what.ttl;
  return core::renew_verdict::renewed;
}

void model::heartbeat(std::span<const core::waiter_ref> waiters, std::span<core::wait_verdict> verdicts,
                      time_point now) {
  // First all signs of life, then the turns: else one waiter of the batch could be passed over for the next.
  for (const auto& who : waiters)
    if (auto* const it = find(who.resource))
      if (auto* const ticket = ticket_of(*it, who.owner)) ticket->seen = now;
  for (std::size_t i = 0; i < waiters.size() && i < verdicts.size(); ++i) {
    auto* const it = find(waiters[i].resource);
    if (it != nullptr) hand_on(*it, now);
    if (it != nullptr && is_held_by(*it, waiters[i].owner))
      verdicts[i] = core::wait_verdict::your_turn;
    else if (it != nullptr && ticket_of(*it, waiters[i].owner))
      verdicts[i] = core::wait_verdict::waiting;
    else
      verdicts[i] = core::wait_verdict::gone;
  }
}

core::release_answer model::release(const core::lease_ref& what, time_point now) {
  core::release_answer answer;
  answer.is = core::release_answer::outcome::not_held;
  auto* const it = find(what.resource);
  if (it == nullptr || !is_held_by(*it, what.owner)) return answer;
  if (is_held(*it, now)) {
    answer.is = core::release_answer::outcome::released;
    set_free(*it, what.token, now);
  } else {
    it->held.reset();
    hand_on(*it, now);
  }
  forget_if_idle(what.resource, now);
  return answer;
}

core::withdraw_answer model::withdraw(const core::waiter_ref& what, time_point now) {
  if (auto* const it = find(what.resource)) {
    drop_ticket(*it, what.owner);
    if (is_held_by(*it, what.owner)) {
      // A claimed one may have passed turns on locally, before its holder gave up: its reserve stays used.
      const auto used = it->held->claimed ? it->held->token + it->held->reserve : it->held->token;
      set_free(*it, used, now);
    }
    forget_if_idle(what.resource, now);
  }
  core::withdraw_answer answer;
  answer.done = true;
  return answer;
}

status model::break_lease(std::string_view name, std::optional<std::uint64_t> token,
                          std::optional<core::owner_id> owner, time_point now) {
  if (!token && !owner) return {errc::invalid_argument, "breaking a lease takes its token or its owner"};
  auto* const it = find(name);
  if (it == nullptr || !is_held(*it, now) || (token && *token != it->held->token) ||
      (owner && *owner != it->held->owner))
    return {errc::not_held, "no such lease on '" + std::string{name} + "': it is over, or never was"};
  set_free(*it, it->held->token + it->held->reserve, now);
  forget_if_idle(name, now);
  return {};
}

// --- listings ----------------------------------------------------------------------------------------------------

resource_view model::view(const std::string& name, const resource& it, time_point now) const {
  resource_view made;
  made.name = name;
  if (is_held(it, now)) {
    const auto& h = *it.held;
    made.holders.push_back(
        {described(h.owner, h.party), fencing_token{h.token}, now - h.since, h.expires - now, h.claimed});
  }
  for (const auto& w : it.queue)
    if (now - w.seen < paces_.forget_after)
      made.waiters.push_back({described(w.owner, w.party), now - w.since, alive(w, now)});
  return made;
}

resource_view model::inspect(std::string_view name, time_point now) const {
  const auto found = resources_.find(name);
  if (found != resources_.end()) return view(found->first, found->second, now);
  resource_view made;
  made.name = name;
  return made;
}

resource_page model::list(std::string_view prefix, std::string_view cursor, std::size_t limit, time_point now) const {
  resource_page page;
  auto at = cursor < prefix ? resources_.lower_bound(prefix) : resources_.upper_bound(cursor);
  for (; at != resources_.end() && std::string_view{at->first}.starts_with(prefix); ++at) {
    auto made = view(at->first, at->second, now);
    if (made.holders.empty() && made.waiters.empty()) continue;
    if (page.resources.size() >= std::max<std::size_t>(limit, 1)) {
      page.next = page.resources.back().name;
      break;
    }
    page.resources.push_back(std::move(made));
  }
  return page;
}

std::vector<hint> model::take_hints() { return std::exchange(hints_, {}); }

}  // namespace holdfast::memory
