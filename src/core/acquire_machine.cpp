#include "core/acquire_machine.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "core/lease_time.hpp"

namespace holdfast::core {

namespace {

/// Failures that time may mend; every other one will be the same the next time.
bool passing(const status& why) { return why == errc::unavailable || why == errc::outcome_unknown; }

/// A store that says "look again at once", over and over, is not asked in a tight loop.
constexpr duration shortest_look = std::chrono::milliseconds{1};

}  // namespace

acquire_machine::step acquire_machine::start(time_point now) {
  last_contact_ = now;
  may_be_there_ = true;
  return {.what = todo::send_acquire};
}

acquire_machine::step acquire_machine::on_answer(const turn_answer& answer, time_point now) {
  if (answer.is == turn_answer::outcome::failed) return failed(answer, now);
  contacted_ = true;
  last_contact_ = now;
  failures_ = 0;
  trouble_ = answer.why;  // As a rule there is none; a store may tell why the wait will be in vain.
  queued_ = answer.is == turn_answer::outcome::queued;
  switch (answer.is) {
    case turn_answer::outcome::granted:
      return granted(answer, now);
    case turn_answer::outcome::queued:
      // A hint that came meanwhile is the driver's to remember: it calls on_hint in place of pausing.
      return {.what = todo::pause, .until = now + std::max(answer.look_again, shortest_look)};
    case turn_answer::outcome::gone:
      return {.what = todo::send_acquire};
    case turn_answer::outcome::busy:
      may_be_there_ = false;
      return finish(ending::busy, answer.why, false);
    case turn_answer::outcome::failed:
      break;
  }
  return failed(answer, now);
}

acquire_machine::step acquire_machine::granted(const turn_answer& answer, time_point now) {
  if (lease_deadline(answer.sent, answer.ttl) - now < least_useful(answer.ttl)) {
    // Too late to be of use. It is given back; who waits asks anew, as another tenure.
    start_over_ = how_.wait;
    return undo(ending::failed, {errc::unavailable, "the grant came when its ttl was all but over"});
  }
  end_ = {.is = ending::granted, .token = answer.token, .ttl = answer.ttl, .sent = answer.sent, .why = {}};
  return {.what = todo::finish};
}

acquire_machine::step acquire_machine::failed(const turn_answer& answer, time_point now) {
  trouble_ = answer.why;
  if (!answer.unknown && !contacted_ && failures_ == 0) may_be_there_ = false;
  const bool worth_waiting = how_.wait && passing(answer.why) && (contacted_ || answer.unknown || failures_ > 0);
  if (!worth_waiting || now - last_contact_ >= how_.patience) return undo(ending::failed, answer.why);
  return {.what = todo::pause, .until = now + retry_pause(failures_++)};
}

acquire_machine::step acquire_machine::on_hint(time_point) {
  return {.what = queued_ ? todo::send_claim : todo::send_acquire};
}

acquire_machine::step acquire_machine::on_time(time_point) {
  return {.what = queued_ ? todo::send_claim : todo::send_acquire};
}

acquire_machine::step acquire_machine::give_up(time_point) {
  start_over_ = false;
  return undo(ending::given_up, {});
}

acquire_machine::step acquire_machine::undo(ending then, status why) {
  end_ = {.is = then, .why = std::move(why)};
  if (!may_be_there_) return {.what = todo::finish};
  return {.what = todo::send_withdraw};
}

acquire_machine::step acquire_machine::on_withdrawn(const withdraw_answer& answer, time_point now) {
  const bool clean = answer.done && answer.conclusive;
  queued_ = false;
  if (clean && start_over_) {
    start_over_ = false;
    contacted_ = true;
    last_contact_ = now;
    return {.what = todo::send_acquire, .new_owner = true};
  }
  end_.leftover = !clean;
  return {.what = todo::finish};
}

acquire_machine::step acquire_machine::finish(ending how, status why, bool leftover) {
  end_ = {.is = how, .leftover = leftover, .why = std::move(why)};
  return {.what = todo::finish};
}

}  // namespace holdfast::core
