// How a thread comes to its turn: it waits in its seat, or drives the request to the store for all who sit.
#include <algorithm>
#include <chrono>
#include <stop_token>
#include <utility>

#include "core/party_text.hpp"
#include "core/seat.hpp"

namespace holdfast::core {

namespace {

/// Tokens set aside when threads stand behind the one that asks: more than fit into the time that a tenure is passed on.
constexpr std::uint32_t reserved_tokens = 10'000;

time_point limit_of(const wait_options& wait, time_point now) {
  if (!wait.timeout || *wait.timeout >= time_point::max() - now) return time_point::max();
  return now + *wait.timeout;
}

}  // namespace

status resource::acquire(const std::shared_ptr<client_core>& client, const lock_options& options,
                         const wait_options& wait, std::shared_ptr<turn>& out) {
  const bool waits = !wait.timeout || *wait.timeout > duration::zero();
  seat me{.client = client,
          .options = options,
          .stop = wait.stop,
          .limit = waits ? limit_of(wait, client->now()) : time_point::max(),
          .waits = waits};
  // Made before the lock is taken and destroyed after it is given back: it takes the lock itself.
  const std::stop_callback on_stop{wait.stop, [&] {
                                     const std::lock_guard lock{mutex_};
                                     me.wake.notify_one();
                                   }};
  guard lock{mutex_};
  if (auto why = me.wants_out()) return *std::move(why);
  if (!waits && !gate_.idle()) return {errc::busy};
  me.ticket = gate_.arrive({.ttl = options.ttl, .renews = options.renew});
  seats_.push_front(&me);
  std::optional<status> result;
  try {
    while (!result) result = step(lock, me, out);
  } catch (...) {
    if (!lock.owns_lock()) lock.lock();
    abandon(me);
    throw;
  }
  seats_.remove(&me);
  return *std::move(result);
}

std::optional<status> resource::step(guard& lock, seat& me, std::shared_ptr<turn>& out) {
  switch (gate_.role_of(me.ticket)) {
    case gate::role::turn:
      out = std::move(me.passed);
      return status{};
    case gate::role::drive:
      return drive(lock, me, out);
    case gate::role::wait:
      if (auto why = me.wants_out()) return leave(lock, me, *std::move(why));
      sit(lock, me, me.limit);
      break;
  }
  return std::nullopt;
}

void resource::abandon(seat& me) noexcept {
  const bool drives = me.leaving || gate_.role_of(me.ticket) == gate::role::drive;
  if (drives) {
    if (acquisition_) {
      client_.end_waiting(acquisition_->what.owner);
      client_.undo({.is = keeper::leftover::kind::withdraw,
                    .resource = name_,
                    .owner = acquisition_->what.owner,
                    .until = client_.now() + acquisition_->what.ttl + client_.command_timeout()});
      acquisition_.reset();
    }
    gate_.on_request_ended(me.ticket);
  } else {
    static_cast<void>(gate_.leave(me.ticket));
  }
  seats_.remove(&me);
  wake_first();
}

void resource::sit(guard& lock, seat& me, time_point until) {
  me.has_sat = true;
  if (until == time_point::max())
    me.wake.wait(lock);
  else
    me.wake.wait_for(lock, client_.time().sleep_until(until));
}

void resource::wake(gate::ticket who) noexcept {
  const auto found = std::find_if(seats_.begin(), seats_.end(), [&](const seat* each) { return each->ticket == who; });
  if (found != seats_.end()) (*found)->wake.notify_one();
}

void resource::begin(seat& me) {
  gate_.on_request_begun({.ttl = me.options.ttl, .renews = me.options.renew});
  const duration patience = std::max<duration>(2 * client_.command_timeout(), std::chrono::seconds{1});
  const bool crowded = gate_.crowded() && me.options.renew && client_.traits().reserves_tokens;
  acquisition_ =
      std::make_unique<acquisition>(acquisition{.machine = acquire_machine{{.wait = me.waits, .patience = patience}},
                                                .what = {.resource = name_,
                                                         .owner = owner_id::random(),
                                                         .ttl = me.options.ttl,
                                                         .renews = me.options.renew,
                                                         .reserve = crowded ? reserved_tokens : 0,
                                                         .party = own_party_text(me.options.note)},
                                                .waits = me.waits,
                                                .renews = me.options.renew});
  if (me.waits) client_.begin_waiting(acquisition_->what.owner, shared_from_this());
  acquisition_->next = acquisition_->machine.start(client_.now());
}

std::optional<status> resource::drive(guard& lock, seat& me, std::shared_ptr<turn>& out) {
  if (!acquisition_) {
    if (me.has_sat)
      if (auto why = me.wants_out()) return leave(lock, me, *std::move(why));
    begin(me);
  }
  switch (acquisition_->next.what) {
    case acquire_machine::todo::pause:
      return pause(lock, me);
    case acquire_machine::todo::finish:
      return settle(lock, me, out);
    case acquire_machine::todo::send_acquire:
    case acquire_machine::todo::send_claim:
    case acquire_machine::todo::send_withdraw:
      // A request that begins anew after a grant came too late must not do so for ever.
      if (acquisition_->next.new_owner)
        if (auto why = me.wants_out()) return leave(lock, me, *std::move(why));
      carry_out(lock, me);
      return std::nullopt;
  }
  return std::nullopt;
}

std::optional<status> resource::pause(guard& lock, seat& me) {
  acquisition& a = *acquisition_;
  const time_point now = client_.now();
  if (std::exchange(a.hinted, false))
    a.next = a.machine.on_hint(now);
  else if (auto why = me.wants_out())
    return leave(lock, me, *std::move(why));
  else if (now >= a.next.until)
    a.next = a.machine.on_time(now);
  else
    sit(lock, me, std::min(a.next.until, me.limit));
  return std::nullopt;
}

/// When a verb has to have ended. A wait that ends while the store says nothing takes one command_timeout more in all: the
/// first half for the verb that it is in, the rest to leave the queue.
time_point resource::verb_end(const seat& me, acquire_machine::todo what) const noexcept {
  const auto usual = client_.verb_limit();
  if (me.limit == time_point::max()) return usual;
  const auto spare =
      what == acquire_machine::todo::send_withdraw ? client_.command_timeout() : client_.command_timeout() / 2;
  return std::min(usual, client_.in_boot_time(me.limit) + spare);
}

void resource::carry_out(guard& lock, const seat& me) {
  acquisition& a = *acquisition_;  // Stays: only its driver, this thread, may end it.
  if (a.next.new_owner) {
    client_.end_waiting(a.what.owner);
    a.what.owner = owner_id::random();
    client_.begin_waiting(a.what.owner, shared_from_this());
  }
  a.hinted = false;  // What a hint would make us do is done now.
  const auto todo = a.next.what;
  const bool was_queued = a.machine.queued();
  lock.unlock();
  const time_point limit = verb_end(me, todo);
  if (todo == acquire_machine::todo::send_withdraw) {
    const auto answer = client_.at().withdraw({a.what.resource, a.what.owner}, limit);
    lock.lock();
    a.next = a.machine.on_withdrawn(answer, client_.now());
    return;
  }
  const auto answer = todo == acquire_machine::todo::send_claim ? client_.at().claim(a.what, limit)
                                                                : client_.at().acquire(a.what, a.waits, limit);
  const time_point now = client_.now();
  lock.lock();
  a.last_sent = now;
  a.next = a.machine.on_answer(answer, now);
  if (a.machine.queued() && !was_queued) client_.queued(a.what.owner, name_);
}

status resource::settle(guard& lock, seat& me, std::shared_ptr<turn>& out) {
  const auto& end = acquisition_->machine.end();
  if (end.is == acquire_machine::ending::granted) return granted(lock, me, out);
  status result;
  if (end.is == acquire_machine::ending::busy)
    result = end.why.ok() ? status{errc::busy} : client_.located(end.why, name_);
  else if (end.is == acquire_machine::ending::failed)
    result = client_.located(end.why, name_);
  retire(me);
  return result;
}

void resource::retire(seat& me) noexcept {
  const acquisition& a = *acquisition_;
  if (a.waits) client_.end_waiting(a.what.owner);
  if (a.machine.end().leftover)
    client_.undo({.is = keeper::leftover::kind::withdraw,
                  .resource = name_,
                  .owner = a.what.owner,
                  .until = a.last_sent + a.what.ttl + client_.command_timeout()});
  acquisition_.reset();
  gate_.on_request_ended(me.ticket);
  wake_first();
}

status resource::granted(guard& lock, seat& me, std::shared_ptr<turn>& out) {
  const auto end = acquisition_->machine.end();
  const request& what = acquisition_->what;
  if (acquisition_->waits) client_.end_waiting(what.owner);
  // The driver may have taken over a request with another ttl: the lease is as it was asked for.
  const bool renews = acquisition_->renews;
  auto lease = std::make_shared<tenure>(me.client, shared_from_this(),
                                        tenure::grant{.owner = what.owner,
                                                      .token = end.token,
                                                      .sent = end.sent,
                                                      .ttl = end.ttl,
                                                      .asked = what.ttl,
                                                      .renews = renews});
  auto first = std::make_shared<turn>(lease, end.token);
  lease->begin_turn(first);
  gate_.on_granted(me.ticket, {.replied = client_.now(), .ttl = end.ttl, .renews = renews, .reserve = what.reserve});
  acquisition_.reset();
  current_ = first;
  lock.unlock();
  status result;
  try {
    client_.look_after(*lease);
    client_.tell({.kind = event_kind::acquired, .resource = name_, .token = first->token(), .why = {}});
    out = first;
    if (client_.closed()) {  // close() may have looked here before this turn stood.
      static_cast<void>(this->end(*first, client_.verb_limit()));
      out = nullptr;
      result = client_.usable();
    }
  } catch (const std::exception& e) {
    result = {errc::internal, std::string{"no thread to look after the lease: "} + e.what()};
    static_cast<void>(this->end(*first, client_.verb_limit()));
  }
  lock.lock();
  return result;
}

status resource::leave(guard& lock, seat& me, status why) {
  const bool drives = acquisition_ && gate_.role_of(me.ticket) == gate::role::drive;
  // Who runs out of time because the store fails is told that.
  if (why == errc::timed_out && drives && !acquisition_->machine.trouble().ok())
    why = client_.located(acquisition_->machine.trouble(), name_);
  if (gate_.leave(me.ticket) == gate::leave_effect::none) {
    wake_first();
    return why;
  }
  me.leaving = true;
  acquisition& a = *acquisition_;
  a.next = a.machine.give_up(client_.now());
  while (a.next.what != acquire_machine::todo::finish) carry_out(lock, me);
  retire(me);
  return why;
}

}  // namespace holdfast::core
