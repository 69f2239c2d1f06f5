#include "store/postgres/session_protocol.hpp"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "store/postgres/session_statements.hpp"
#include "store/sql/pace.hpp"

namespace holdfast::postgres {

using core::turn_answer;
using state = session_tenure::state;

namespace {

/// A waiter is told by its own session. It looks all the same, should that be cut off without a word.
constexpr duration look_again = std::chrono::seconds{10};
constexpr duration look_soon = std::chrono::milliseconds{1};

turn_answer answer_of(turn_answer::outcome is) {
  turn_answer answer;
  answer.is = is;
  return answer;
}

turn_answer queued(std::uint32_t position, duration look) {
  auto answer = answer_of(turn_answer::outcome::queued);
  answer.position = position;
  answer.look_again = look;
  return answer;
}

turn_answer granted(const session_tenure& what, time_point sent) {
  auto answer = answer_of(turn_answer::outcome::granted);
  answer.token = what.token;
  answer.ttl = what.ttl;
  answer.sent = sent;
  return answer;
}

}  // namespace

void session_protocol::check(time_point by) { at_.take(by); }

/// A statement on the tenure's own session. One that fails there, or is not answered in time, ends the tenure: whether its
/// lock is free can't be known before the session is gone.
reply session_protocol::reach(session_tenure& mine, std::string_view text, const parameters& with, time_point by) {
  connection& on = **mine.on;
  try {
    // What is still to be read of an earlier renewal comes first.
    if (mine.asked && !on.answer(by)) throw lost_answer("no answer in time", at_.with().shown);
    mine.asked = false;
    on.start(marked(mine, mine.ttl, text), with, by);
    if (auto found = on.answer(by)) return std::move(*found);
    throw lost_answer("no answer in time; the statement may still be carried out", at_.with().shown);
  } catch (failure& why) {
    why.unknown = true;
    at_.lose(mine.owner, on, mine.ttl);
    mine.end();
    throw;
  }
}

turn_answer session_protocol::acquire(const core::request& what, bool wait, time_point by) {
  at_.end_lost(what.owner, by);  // It must not find its own ghost before it.
  book_.start();
  auto mine = book_.take_or_make(what, by);
  if (mine->is == state::waiting) {
    if (auto stands = still_queued(*mine, by)) {
      if (wait) return *std::move(stands);
      leave_queue(*mine, by);
      return answer_of(turn_answer::outcome::busy);
    }
  }
  if (mine->is == state::given || mine->is == state::held)
    if (auto again = keep(*mine, what, by); again.is == turn_answer::outcome::granted) return again;
  return ask_anew(std::move(mine), what, wait, by);
}

turn_answer session_protocol::ask_anew(session_book::grip mine, const core::request& what, bool wait, time_point by) {
  time_point sent;
  if (attempt(*mine, what, by, sent)) return granted(*mine, sent);
  if (wait) {
    begin_to_wait(*mine, what, by);
    return settle_in_queue(std::move(mine), by);
  }
  mine->give_back();
  return answer_of(turn_answer::outcome::busy);
}

/// Whether the lock was free. It is not where somebody waits for it: the server gives it to those first.
bool session_protocol::attempt(session_tenure& mine, const core::request& what, time_point by, time_point& sent) {
  mine.ttl = what.ttl;
  mine.party = what.party;
  const auto owner = what.owner.hex();
  const auto limit = limit_of(what.ttl);
  parameters with;
  with.bytes(what.resource).bytes(owner).bytes(limit);
  for (bool again = false;; again = true) {
    mine.forget();
    mine.lend(at_.take(by));
    try {
      const auto found = reach(mine, session_text::attempt, with, by);
      if (!found.boolean(0, 0)) return false;
      sent = (*mine.on)->sent();
      mine.token = static_cast<std::uint64_t>(found.number(0, 1));
      mine.is = state::held;
      return true;
    } catch (const failure&) {
      mine.forget();
      // A session that had lain idle may have been ended just then.
      if (again || boot_clock::now() >= by) throw;
      at_.end_lost(what.owner, by);
    }
  }
}

/// The answer comes with the lock; until then the session stands in the server's own queue.
void session_protocol::begin_to_wait(session_tenure& mine, const core::request& what, time_point by) {
  const auto owner = what.owner.hex();
  const auto limit = limit_of(sql::claim_window);
  parameters with;
  with.bytes(what.resource).bytes(owner).bytes(limit);
  try {
    (*mine.on)->start(marked(mine, mine.ttl, session_text::wait), with, by);
    mine.is = state::waiting;
  } catch (const failure&) {
    at_.lose(mine.owner, **mine.on, mine.ttl);
    mine.forget();
    throw;
  }
}

/// Waits until the server has queued it, so that who asks afterwards stands behind. It may be given at once.
turn_answer session_protocol::settle_in_queue(session_book::grip mine, time_point by) {
  const auto session = (*mine->on)->served_by();
  mine.let_go();  // Watched from now on.
  while (true) {
    const auto found = place_of(session, by);
    if (found.is == place::kind::gone) return answer_of(turn_answer::outcome::gone);
    if (found.is == place::kind::waiting) return queued(found.position, look_again);
    if (found.is == place::kind::given) return queued(0, look_soon);
    if (boot_clock::now() >= by) throw lost_answer("the server did not queue the request in time", at_.with().shown);
    std::this_thread::sleep_for(look_soon);
  }
}

session_protocol::place session_protocol::place_of(const connection::backend& session, time_point by) {
  parameters with;
  with.number(session.process).number(session.since_us);
  const auto found = at_.ask(session_text::place, with, by);
  if (found.rows() == 0) return {};
  if (found.null(0, 0)) return {place::kind::unsettled, 0};
  return {found.boolean(0, 0) ? place::kind::given : place::kind::waiting,
          static_cast<std::uint32_t>(found.number(0, 1))};
}

/// Whether one that waits has been told of its lock by then. Its state tells if its session ended meanwhile.
bool session_protocol::given(session_tenure& mine, time_point by) {
  try {
    const auto told = (*mine.on)->answer(by);
    if (!told) return false;
    mine.token = static_cast<std::uint64_t>(told->number(0, 0));
    mine.is = state::given;
    return true;
  } catch (const failure&) {
    at_.lose(mine.owner, **mine.on, mine.ttl);
    mine.end();
    return false;
  }
}

/// The place of one that waits; nothing where it does so no longer: its state tells what became of that.
std::optional<turn_answer> session_protocol::still_queued(session_tenure& mine, time_point by) {
  if (given(mine, boot_clock::now()) || mine.is != state::waiting) return std::nullopt;
  const auto found = place_of((*mine.on)->served_by(), by);
  switch (found.is) {
    case place::kind::unsettled:
      return queued(0, look_soon);
    case place::kind::waiting:
      return queued(found.position, look_again);
    case place::kind::given:  // The server has decided; its word is on the way.
      if (!given(mine, by) && mine.is == state::waiting)
        throw lost_answer("the lock was given, but its session does not say so in time", at_.with().shown);
      break;
    case place::kind::gone:
      mine.end();
      break;
  }
  return std::nullopt;
}

turn_answer session_protocol::claim(const core::request& what, time_point by) {
  auto mine = book_.take(what.owner, by);
  if (!mine) return answer_of(turn_answer::outcome::gone);
  if (mine->is == state::waiting)
    if (auto stands = still_queued(*mine, by)) return *std::move(stands);
  if (mine->is == state::given || mine->is == state::held)
    if (auto taken = keep(*mine, what, by); taken.is == turn_answer::outcome::granted) return taken;
  // Its session is gone, and its place with it. What is free all the same may be had.
  at_.end_lost(what.owner, by);
  auto answer = ask_anew(std::move(mine), what, false, by);
  if (answer.is == turn_answer::outcome::busy) answer.is = turn_answer::outcome::gone;
  return answer;
}

/// Takes up what was given, or proves that it is still held; `gone` if its session has ended.
turn_answer session_protocol::keep(session_tenure& mine, const core::request& what, time_point by) {
  mine.ttl = mine.is == state::held ? std::max(mine.ttl, what.ttl) : what.ttl;
  const auto title = "holdfast " + std::to_string(mine.token) + " " + what.owner.hex();
  const auto limit = limit_of(mine.ttl);
  parameters with;
  with.bytes(title).bytes(limit);
  try {
    reach(mine, session_text::keep, with, by);
  } catch (const failure&) {
    if (boot_clock::now() >= by) throw;
    return answer_of(turn_answer::outcome::gone);
  }
  mine.is = state::held;
  return granted(mine, (*mine.on)->sent());
}

core::wait_verdict session_protocol::look(const core::waiter_ref& who, time_point by) {
  auto mine = book_.take(who.owner, by);
  if (!mine) return core::wait_verdict::gone;
  if (mine->is == state::waiting && !given(*mine, boot_clock::now()) && mine->is == state::waiting) {
    const auto found = place_of((*mine->on)->served_by(), by);
    if (found.is == place::kind::waiting || found.is == place::kind::unsettled) return core::wait_verdict::waiting;
    if (found.is == place::kind::given) return core::wait_verdict::your_turn;
    mine->end();
  }
  return mine->is == state::ended ? core::wait_verdict::gone : core::wait_verdict::your_turn;
}

}  // namespace holdfast::postgres
