#include "store/sqlite/protocol.hpp"

#include <algorithm>
#include <chrono>

#include "store/sqlite/errors.hpp"

namespace holdfast::sqlite {

using core::turn_answer;
using outcome = core::turn_answer::outcome;

namespace {

constexpr std::uint64_t token_limit = std::uint64_t{1} << 53;

turn_answer answer_of(outcome is, const moment& at) {
  turn_answer answer;
  answer.is = is;
  answer.sent = at.sent;
  return answer;
}

turn_answer granted(std::uint64_t token, duration ttl, const moment& at) {
  auto answer = answer_of(outcome::granted, at);
  answer.token = token;
  answer.ttl = ttl;
  return answer;
}

void check_token(std::uint64_t highest) {
  if (highest < token_limit) return;
  throw failure{{errc::internal,
                 "the next fencing token would be 2^53 or more: this machine's clock is, or was, set "
                 "centuries ahead"}};
}

/// A new grant to `owner` on this row, with the next token.
void give(lease_row& row, const core::owner_id& owner, std::uint32_t reserve, std::int64_t expires, const moment& at) {
  row.owner = owner;
  row.token = std::max(row.last + 1, at.wall_us);
  row.last = row.token + reserve;
  row.since = at.now;
  row.expires = expires;
  check_token(row.last);
}

}  // namespace

/// False where its process is gone, or has given no sign of life in the time that a claim may take: it is stopped.
bool protocol::there(const waiter_row& who, const moment& at) const {
  return others_.alive(who.address) && (who.asked == 0 || at.now - who.asked < claim_window.count());
}

/// If the resource is free, gives it to the first live waiter for as long as a claim may take. The dead ones before it
/// go in the same step. Every verb that asks for a turn comes here first, so that nobody overtakes.
void protocol::hand_on(std::string_view name, lease_row& row, const moment& at) {
  if (!row.queued || row.held(at.now)) return;
  const bool missed = row.owner && !row.claimed;
  waiter_row next;
  bool found = false;
  std::int64_t passed = 0;
  waiters_.each(name, [&](const waiter_row& w) {
    passed = w.ticket;
    found = there(w, at);
    if (found) next = w;
    return !found;
  });
  if (passed != 0) waiters_.remove_up_to(name, passed);
  // One that was handed the resource is stopped, and so may be those behind it: whoever gives no sign of life meanwhile
  // is not handed it at all. All that live look within a heartbeat.
  if (found && missed) waiters_.ask_all(name, at.now);
  if (!found) {
    row.queued = false;
    leases_.write(name, row, nullptr);
    return;
  }
  give(row, next.owner, next.reserve, at.now + claim_window.count(), at);
  row.claimed = false;
  row.address = next.address;
  const std::string_view party = next.party;
  leases_.write(name, row, &party);
  wakes_.push_back(next.address);
}

/// `what.owner` is on record: its lease begins (a hand-off), goes on (an answer was lost), or begins anew with another
/// token where it had run out, for somebody may have seen it expired.
turn_answer protocol::take_up(const core::request& what, lease_row& row, const moment& at) {
  const bool goes_on = row.held(at.now) && row.claimed;
  if (!row.held(at.now)) {
    give(row, what.owner, what.reserve, 0, at);
  } else if (!row.claimed) {
    row.since = at.now;
  }
  row.claimed = true;
  // Asked for again by who holds it: that never shortens a lease that was refreshed meanwhile.
  const std::int64_t expires = at.now + what.ttl.count();
  row.expires = goes_on ? std::max(row.expires, expires) : expires;
  row.address = 0;
  const std::string_view party = what.party;
  leases_.write(what.resource, row, &party);
  return granted(row.token, what.ttl, at);
}

turn_answer protocol::grant_new(const core::request& what, const moment& at) {
  // Names come and go: now and then, some that came make some go.
  if (what.owner.low() % 32 == 0) clean_.some(at);
  lease_row row;
  row.last = clean_.floor();
  give(row, what.owner, what.reserve, at.now + what.ttl.count(), at);
  leases_.add(what, row);
  return granted(row.token, what.ttl, at);
}

turn_answer protocol::place(const core::request& what, const lease_row& row, std::int64_t ticket, const moment& at) {
  auto answer = answer_of(outcome::queued, at);
  answer.position = waiters_.position(what.resource, ticket);
  // The head looks when the holder's time is over; those behind it a little later, should the head be dead by then.
  // None waits long to look: a wake-up that was lost costs no more than that.
  constexpr duration grace = std::chrono::milliseconds{2};
  constexpr duration step = std::chrono::milliseconds{50};
  constexpr duration longest = std::chrono::seconds{5};
  const duration left{row.held(at.now) ? row.expires - at.now : 0};
  answer.look_again = std::min(left, longest) + grace + step * std::min<std::uint32_t>(answer.position, 40);
  return answer;
}

turn_answer protocol::acquire(const core::request& what, bool wait, const moment& at) {
  if (const auto token = leases_.take_free(what, at)) {
    check_token(*token + what.reserve);
    return granted(*token, what.ttl, at);
  }
  auto found = leases_.find(what.resource);
  if (!found) return grant_new(what, at);
  auto& row = *found;
  if (row.queued) waiters_.answer(what.resource, what.owner);
  hand_on(what.resource, row, at);
  if (row.of(what.owner)) return take_up(what, row, at);
  if (!row.held(at.now)) {  // And nobody alive waits, else it were handed on.
    row.owner = what.owner;
    row.expires = 0;
    return take_up(what, row, at);
  }
  if (!wait) {
    waiters_.remove(what.resource, what.owner);
    return answer_of(outcome::busy, at);
  }
  auto ticket = waiters_.ticket_of(what.resource, what.owner);
  if (!ticket) ticket = waiters_.add(what, others_.own_address(), at.now);
  if (!row.queued) leases_.mark_queued(what.resource);
  return place(what, row, *ticket, at);
}

turn_answer protocol::claim(const core::request& what, const moment& at) {
  auto row = leases_.find(what.resource);
  if (!row) return answer_of(outcome::gone, at);
  if (row->queued) waiters_.answer(what.resource, what.owner);
  hand_on(what.resource, *row, at);
  if (row->of(what.owner)) return take_up(what, *row, at);
  const auto ticket = waiters_.ticket_of(what.resource, what.owner);
  return ticket ? place(what, *row, *ticket, at) : answer_of(outcome::gone, at);
}

core::renew_verdict protocol::renew(const core::lease_ref& what, const moment& at) {
  return leases_.renew(what, at) ? core::renew_verdict::renewed : core::renew_verdict::lost;
}

/// Takes the holder off the record, and hands on. Whether its lease still stood.
bool protocol::set_free(std::string_view name, lease_row& row, std::uint64_t used_up_to, const moment& at) {
  const bool stood = row.held(at.now);
  // Of a lease that ran out nobody can say any more which of its tokens were used.
  if (stood) row.last = std::clamp(used_up_to, row.token, row.last);
  row.owner.reset();
  row.claimed = true;
  row.address = 0;
  const std::string_view nobody;
  hand_on(name, row, at);
  if (!row.owner) leases_.write(name, row, &nobody);
  return stood;
}

core::release_answer protocol::release(const core::lease_ref& what, const moment& at) {
  core::release_answer answer;
  answer.is = core::release_answer::outcome::released;
  if (leases_.free_unqueued(what, at)) return answer;
  answer.is = core::release_answer::outcome::not_held;
  auto row = leases_.find(what.resource);
  if (!row || !row->of(what.owner)) return answer;
  if (set_free(what.resource, *row, what.token, at)) answer.is = core::release_answer::outcome::released;
  return answer;
}

void protocol::withdraw(const core::waiter_ref& what, const moment& at) {
  waiters_.remove(what.resource, what.owner);
  auto row = leases_.find(what.resource);
  if (!row || !row->of(what.owner)) return;
  // A claimed one may have passed turns on locally before its holder gave up: its reserve counts as used.
  set_free(what.resource, *row, row->claimed ? row->last : row->token, at);
}

errc protocol::break_lease(std::string_view name, std::optional<std::uint64_t> token,
                           std::optional<core::owner_id> owner, const moment& at) {
  auto row = leases_.find(name);
  if (!row || !row->held(at.now) || (token && *token != row->token) || (owner && !row->of(*owner))) {
    return errc::not_held;
  }
  set_free(name, *row, row->last, at);
  return errc{};
}

std::optional<core::wait_verdict> protocol::glance(const core::waiter_ref& what, const moment& at) {
  const auto row = leases_.find(what.resource);
  if (!row) return core::wait_verdict::gone;
  if (row->queued && !row->held(at.now)) return std::nullopt;
  if (row->of(what.owner)) return core::wait_verdict::your_turn;
  if (waiters_.asked(what.resource, what.owner)) return std::nullopt;
  return waiters_.ticket_of(what.resource, what.owner) ? core::wait_verdict::waiting : core::wait_verdict::gone;
}

core::wait_verdict protocol::heartbeat(const core::waiter_ref& what, const moment& at) {
  auto row = leases_.find(what.resource);
  if (!row) return core::wait_verdict::gone;
  hand_on(what.resource, *row, at);
  if (row->of(what.owner)) return core::wait_verdict::your_turn;
  return waiters_.ticket_of(what.resource, what.owner) ? core::wait_verdict::waiting : core::wait_verdict::gone;
}

}  // namespace holdfast::sqlite
