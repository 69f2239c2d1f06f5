// The acquisition's driver: what the real client's loop does, step by step.
#include <utility>

#include "client.hpp"

namespace holdfast::sim {

using core::gate;
using core::turn_answer;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using todo = core::acquire_machine::todo;

/// The phase has changed: who is first acts upon it.
void client::wake(slot& where) {
  later(dice_.between(duration::zero(), duration{microseconds{100}}), [this, &where] {
    if (where.gate.is() != gate::phase::idle || where.request) return;
    auto* const first = by_ticket(where, where.gate.first());
    if (first != nullptr) begin_request(where, *first);
  });
}

void client::begin_request(slot& where, asker& driver) {
  const std::uint32_t reserve = where.gate.crowded() ? 8 : 0;
  where.request = std::make_unique<pursuit>(
      pursuit{.machine = acquire_machine{{.wait = driver.wants_to_wait, .patience = plan_.patience}},
              .what = {.resource = server::name(where.resource),
                       .owner = new_owner(),
                       .ttl = driver.ask.ttl,
                       .reserve = reserve,
                       .party = {}},
              .driver = driver.ticket,
              .pauses = 0,
              .last_sent = time_.now(),
              .wait = driver.wants_to_wait,
              .executed = {},
              .read = {}});
  where.gate.on_request_begun(driver.ask);
  next(where, where.request->machine.start(time_.now()));
}

/// Carries out `step`, a little later: a thread may lose its processor between any two steps.
void client::next(slot& where, acquire_machine::step step) {
  later(dice_.between(duration::zero(), duration{microseconds{50}}), [this, &where, step] { carry_out(where, step); });
}

/// Whether the driver gives up; then either somebody takes over, or `step` becomes the withdrawal.
bool client::stop_driver(slot& where, acquire_machine::step& step) {
  auto& it = *where.request;
  for (auto* driver = by_ticket(where, it.driver); driver != nullptr && driver->stop;) {
    const auto effect = where.gate.leave(driver->ticket);
    end_wait(*driver, false);
    if (effect == gate::leave_effect::withdraw) {
      it.leaving = true;
      step = it.machine.give_up(time_.now());
      return true;
    }
    it.driver = where.gate.first();
    driver = by_ticket(where, it.driver);
  }
  return false;
}

void client::carry_out(slot& where, acquire_machine::step step) {
  auto& it = *where.request;
  if (step.what != todo::finish && !it.leaving) stop_driver(where, step);
  switch (step.what) {
    case todo::send_acquire:
      if (step.new_owner) {
        net_.count(fault::late_grant);
        it.what.owner = new_owner();
        it.hint = false;
      }
      send(where, false);
      return;
    case todo::send_claim:
      send(where, true);
      return;
    case todo::send_withdraw:
      send_withdraw(where);
      return;
    case todo::pause:
      pause_request(where, step.until);
      return;
    case todo::finish:
      finish(where);
  }
}

void client::send(slot& where, bool claim) {
  auto& it = *where.request;
  const auto sent = time_.now();
  it.last_sent = sent;
  court_.tell([&] { return me() + (claim ? " claims as " : " acquires as ") + name_of(it.what.owner); });
  const auto answered = [this, &where, sent](turn_answer answer, time_point executed) {
    answer.sent = sent;
    court_.tell([&] {
      return me() + " reads answer " + std::to_string(static_cast<int>(answer.is)) + " for " +
             name_of(where.request->what.owner) + (answer.why.ok() ? "" : ": " + answer.why.message());
    });
    where.request->executed = executed;
    where.request->read = time_.now();
    next(where, where.request->machine.on_answer(answer, time_.now()));
  };
  net_.call<turn_answer>(
      main_, {.what = claim ? parcel::kind::other : parcel::kind::acquire, .owner = it.what.owner},
      [this, what = it.what, wait = it.wait, claim] {
        return claim ? store_.claim(plan_.number, what) : store_.acquire(plan_.number, what, wait);
      },
      [this, answered](const turn_answer& answer, time_point executed) {
        receive([=] { answered(answer, executed); });
      },
      [this, answered](no_answer how) {
        turn_answer answer;
        answer.unknown = how.unknown;
        answer.why = how.unknown ? errc::outcome_unknown : errc::unavailable;
        receive([=] { answered(answer, {}); });
      });
}

void client::send_withdraw(slot& where) {
  auto& it = *where.request;
  court_.tell([&] { return me() + " withdraws " + name_of(it.what.owner); });
  const auto answered = [this, &where](const core::withdraw_answer& answer) {
    next(where, where.request->machine.on_withdrawn(answer, time_.now()));
  };
  net_.call<core::withdraw_answer>(
      main_, {},
      [this, what = it.what] {
        return store_.withdraw(plan_.number, {what.resource, what.owner});
      },
      [this, answered](core::withdraw_answer answer, time_point) {
        if (net_.strikes(fault::unsure_withdraw)) answer.conclusive = false;
        receive([=] { answered(answer); });
      },
      [this, answered](no_answer) {
        core::withdraw_answer answer;
        answer.why = errc::outcome_unknown;
        receive([=] { answered(answer); });
      });
}

void client::pause_request(slot& where, time_point until) {
  auto& it = *where.request;
  if (it.hint && plan_.broken != sabotage::no_recheck) {
    it.hint = false;
    next(where, it.machine.on_hint(time_.now()));
    return;
  }
  it.paused = true;
  const auto mark = it.pauses = ++pauses_;
  if (plan_.broken == sabotage::no_recheck && it.machine.queued()) return;
  time_.at(until, [this, &where, mark] {
    receive([=, this, &where] {
      if (!where.request || !where.request->paused || where.request->pauses != mark) return;
      where.request->paused = false;
      next(where, where.request->machine.on_time(time_.now()));
    });
  });
}

void client::hinted(const core::owner_id& owner) {
  receive([this, owner] {
    for (auto& where : slots_) {
      if (!where->request || where->request->leaving) continue;
      auto& it = *where->request;
      if (!owner.nil() && it.what.owner != owner) continue;
      if (!it.paused) {
        it.hint = true;
        continue;
      }
      it.paused = false;
      if (plan_.broken == sabotage::hand_off_is_held) {
        turn_answer answer;
        answer.is = turn_answer::outcome::granted;
        answer.ttl = it.what.ttl;
        answer.sent = time_.now();
        answer.token = store_.token_for_nothing();
        it.executed = it.read = time_.now();
        next(*where, it.machine.on_answer(answer, time_.now()));
        continue;
      }
      next(*where, it.machine.on_hint(time_.now()));
    }
  });
}

void client::finish(slot& where) {
  const auto request = std::move(where.request);
  const auto& end = request->machine.end();
  auto* const driver = by_ticket(where, request->driver);
  if (end.is == acquire_machine::ending::granted) {
    if (driver == nullptr) court_.fail("a grant for nobody");
    where.request = nullptr;
    const auto replied = time_.now();
    where.lease = std::make_shared<tenure>(tenure{.what = request->what,
                                                  .lease = core::lease_machine{end.sent, end.ttl, driver->ask.renews},
                                                  .record = std::make_shared<tenure_record>(),
                                                  .token = end.token,
                                                  .last_sent = request->last_sent,
                                                  .longest_ttl = end.ttl,
                                                  .refresh = {}});
    auto& record = *where.lease->record;
    record.owner = request->what.owner;
    record.resource = where.resource;
    record.executed = request->executed;
    record.read = request->read;
    record.deadline = where.lease->lease.deadline();
    where.gate.on_granted(
        driver->ticket,
        {.replied = replied, .ttl = end.ttl, .renews = driver->ask.renews, .reserve = request->what.reserve});
    court_.granted(where.lease->record, end.token, end.ttl);
    watch(where.lease);
    begin_turn(*driver);
    return;
  }
  // Nothing was withdrawn, for the store did nothing; a second copy of the request may find it in another mood.
  const bool refused = end.is == acquire_machine::ending::busy || end.is == acquire_machine::ending::failed;
  if (end.leftover) {
    keep_withdrawing(request->what, request->last_sent + request->what.ttl + net_.how().command_timeout);
  } else if (!court_.disrupted_since(request->last_sent) &&  // What was withdrawn may be back.
             !(refused && store_.was_repeated(request->what.owner)) &&
             (store_.knows(where.resource, request->what.owner) || store_.may_arrive(request->what.owner))) {
    court_.fail("a request that ended left something behind: " + name_of(request->what.owner));
  }
  if (end.is == acquire_machine::ending::failed) court_.request_failed();
  where.gate.on_request_ended(request->driver);
  if (driver != nullptr && driver->where == &where) end_wait(*driver, false);
  wake(where);
}

/// One for all requests of the client that stand in a queue.
void client::heartbeat() {
  later(net_.how().heartbeat_every, [this] { heartbeat(); });
  std::vector<std::pair<std::string, core::owner_id>> queued;
  for (const auto& where : slots_)
    if (where->request && where->request->machine.queued())
      queued.emplace_back(server::name(where->resource), where->request->what.owner);
  if (queued.empty()) return;
  using verdicts = std::vector<core::wait_verdict>;
  net_.call<verdicts>(
      keeper_, {},
      [this, queued] {
        std::vector<core::waiter_ref> waiters;
        for (const auto& [name, owner] : queued) waiters.push_back({name, owner});
        return store_.heartbeat(plan_.number, waiters);
      },
      [this, queued](const verdicts& answer, time_point) {
        if (plan_.broken == sabotage::no_recheck) return;
        for (std::size_t i = 0; i < answer.size(); ++i)
          if (answer[i] == core::wait_verdict::your_turn || answer[i] == core::wait_verdict::gone)
            hinted(queued[i].second);
      },
      [](no_answer) {});
}

}  // namespace holdfast::sim
