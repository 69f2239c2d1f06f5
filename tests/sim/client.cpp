#include "client.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace holdfast::sim {

using core::gate;
using std::chrono::microseconds;
using std::chrono::milliseconds;

client::client(timeline& time, rng& dice, network& net, server& store, judge& court, const plan& what)
    : time_{time}, dice_{dice}, net_{net}, store_{store}, court_{court}, plan_{what} {
  for (std::size_t i = 0; i < plan_.resources; ++i) {
    slots_.push_back(
        std::make_unique<slot>(slot{.resource = i, .gate = gate{plan_.passing}, .request = {}, .lease = {}}));
  }
  for (std::size_t i = 0; i < plan_.threads; ++i) {
    threads_.push_back(std::make_unique<asker>());
    threads_.back()->number = i;
    threads_.back()->turns_left = plan_.turns;
  }
}

void client::start() {
  for (auto& who : threads_) rest(*who);
  later(net_.how().heartbeat_every, [this] { heartbeat(); });
}

// --- the process -------------------------------------------------------------------------------------------------

void client::receive(std::function<void()> what) {
  if (crashed_) return;
  if (paused_) {
    inbox_.push_back(std::move(what));
  } else {
    what();
  }
}

void client::later(duration pause, std::function<void()> what) {
  time_.after(pause, [this, what = std::move(what)] { receive(what); });
}

void client::crash() {
  court_.tell([&] { return "FAULT " + me() + " crashes"; });
  crashed_ = true;
  inbox_.clear();
  for (auto& s : slots_)
    if (s->lease) court_.client_gone(*s->lease->record);
}

void client::pause(duration how_long) {
  if (paused_ || crashed_) return;
  court_.tell([&] { return "FAULT " + me() + " pauses"; });
  paused_ = true;
  time_.after(how_long, [this] {
    court_.tell([&] { return me() + " goes on"; });
    paused_ = false;
    // Its threads wake in any order.
    auto waiting = std::exchange(inbox_, {});
    while (!waiting.empty()) {
      std::swap(waiting[dice_.below(waiting.size())], waiting.back());
      auto what = std::move(waiting.back());
      waiting.pop_back();
      receive(std::move(what));
    }
  });
}

bool client::done() const {
  if (crashed_) return true;
  const bool idle = std::all_of(slots_.begin(), slots_.end(), [](const auto& s) { return s->gate.idle(); });
  const bool through = std::all_of(threads_.begin(), threads_.end(), [](const auto& t) { return t->turns_left == 0; });
  return idle && through && keeping_ == 0;
}

std::string client::unfinished() const {
  std::string text;
  if (crashed_) return text;
  for (const auto& t : threads_)
    if (t->turns_left > 0)
      text += " [" + me() + " thread " + std::to_string(t->number) +
              (t->where ? " waits for r" + std::to_string(t->where->resource) + " in phase " +
                              std::to_string(static_cast<int>(t->where->gate.is()))
                        : "") +
              "]";
  return text;
}

// --- the threads -------------------------------------------------------------------------------------------------

void client::rest(asker& who) {
  if (who.turns_left == 0) return;
  later(dice_.between(duration::zero(), dice_.chance(300) ? duration{milliseconds{300}} : duration{milliseconds{5}}),
        [this, &who] { arrive(who); });
}

void client::arrive(asker& who) {
  constexpr std::array<duration, 4> ttls{milliseconds{100}, milliseconds{300}, milliseconds{300}, milliseconds{1500}};
  auto& where = *slots_[dice_.below(slots_.size())];
  who.wants_to_wait = !net_.strikes(fault::tried);
  if (!who.wants_to_wait && !where.gate.idle()) {
    // try_lock: somebody of this process is before it.
    --who.turns_left;
    rest(who);
    return;
  }
  who.where = &where;
  who.ask = {.ttl = ttls[dice_.below(ttls.size())], .renews = !dice_.chance(100)};
  who.stop = false;
  who.ticket = where.gate.arrive(who.ask);
  const auto wait = ++who.waits;
  if (who.wants_to_wait && net_.strikes(fault::gave_up)) {
    const auto bear = dice_.between(duration::zero(), dice_.chance(500) ? milliseconds{20} : milliseconds{800});
    later(bear, [this, &who, wait] { out_of_patience(who, wait); });
  }
  wake(where);
}

void client::out_of_patience(asker& who, std::uint64_t wait) {
  if (who.where == nullptr || who.waits != wait || who.in_turn) return;
  auto& where = *who.where;
  if (where.gate.role_of(who.ticket) == gate::role::turn) return;  // Its turn was about to begin: it has it.
  who.stop = true;
  const bool drives = where.request && !where.request->leaving && where.request->driver == who.ticket;
  if (!drives) {
    (void)where.gate.leave(who.ticket);
    end_wait(who, false);
  } else if (where.request->paused) {
    where.request->paused = false;
    next(where, {.what = acquire_machine::todo::pause, .until = time_.now()});
  }
}

void client::end_wait(asker& who, bool served) {
  court_.tell([&] {
    return me() + " thread " + std::to_string(who.number) + (served ? " has had its turn" : " goes without a turn");
  });
  who.where = nullptr;
  who.in_turn = false;
  // Who would have waited tries again until it has had its turn, unless it stopped of its own will.
  if (served || who.stop || !who.wants_to_wait) --who.turns_left;
  rest(who);
}

client::asker* client::by_ticket(const slot& where, gate::ticket ticket) {
  for (auto& t : threads_)
    if (t->where == &where && t->ticket == ticket) return t.get();
  return nullptr;
}

void client::begin_turn(asker& who) {
  auto& where = *who.where;
  const auto lease = where.lease;
  who.in_turn = true;
  const bool shorter = net_.strikes(fault::refresh_shorter);
  const auto hold = shorter             ? dice_.between(milliseconds{5}, milliseconds{1500})
                    : dice_.chance(700) ? dice_.between(microseconds{10}, milliseconds{5})
                    : dice_.chance(600) ? dice_.between(milliseconds{5}, milliseconds{150})
                                        : dice_.between(milliseconds{100}, milliseconds{900});
  const auto refresh_to = [this, lease](duration ttl) {
    if (lease->over) return;
    lease->refresh = ttl;
    if (!lease->renewing) renew(lease);
  };
  if (shorter) {
    const auto by = dice_.between(2, 12);
    later(dice_.between(duration::zero(), hold / 2),
          [=] { refresh_to(std::max<duration>(milliseconds{100}, lease->lease.ttl() / by)); });
  }
  if (net_.strikes(fault::refresh_longer))
    later(dice_.between(duration::zero(), hold),
          [=] { refresh_to(std::min<duration>(lease->lease.ttl() * 2, milliseconds{3000})); });
  later(hold, [this, &who] { end_turn(who); });
}

void client::end_turn(asker& who) {
  auto& where = *who.where;
  auto& it = *where.lease;
  const auto now = time_.now();
  const bool held = it.lease.on_time(now) == core::lease_machine::state::held;
  note_loss(it);
  // Not while a refresh to a shorter ttl is under way: the gate hears of that when it is answered.
  const bool shrinks = it.renewing && it.asked_for < it.lease.counted();
  const auto after = where.gate.on_turn_ended(now, held && !shrinks);
  auto* const heir = after.passes ? by_ticket(where, after.to) : nullptr;
  end_wait(who, true);
  if (!after.passes) {
    release(where);
    return;
  }
  net_.count(fault::turn_passed);
  if (heir == nullptr) court_.fail("a turn was passed to nobody");
  if (heir->ask.ttl > it.lease.counted())
    court_.fail("a turn was passed on with a shorter ttl than its thread asked for");
  it.offset = after.offset;
  court_.passed(*it.record, it.token + it.offset);
  heir->in_turn = true;
  later(dice_.between(duration::zero(), duration{microseconds{200}}), [this, heir] { begin_turn(*heir); });
}

}  // namespace holdfast::sim
