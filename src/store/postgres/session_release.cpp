#include <algorithm>
#include <chrono>

#include "store/postgres/session_protocol.hpp"
#include "store/postgres/session_statements.hpp"

/// How a lock is given back, and how a wait for one is ended.
namespace holdfast::postgres {

using state = session_tenure::state;

namespace {

constexpr duration cancel_every = std::chrono::milliseconds{200};

}  // namespace

bool session_protocol::free(session_tenure& mine, time_point by) {
  parameters with;
  with.bytes(mine.resource);
  const auto freed = reach(mine, session_text::free, with, by);
  mine.give_back();
  return freed.boolean(0, 0);
}

core::release_answer session_protocol::release(const core::lease_ref& what, time_point by) {
  core::release_answer answer;
  answer.is = core::release_answer::outcome::not_held;
  auto mine = book_.take(what.owner, by);
  if (mine && mine->is == state::waiting) return answer;
  if (mine && mine->on) {
    try {
      if (free(*mine, by)) answer.is = core::release_answer::outcome::released;
      return answer;
    } catch (const failure&) {
      mine->forget();
      if (boot_clock::now() >= by) throw;
    }
  } else if (mine) {
    mine->forget();
  }
  // Its session is lost: what that may still hold is freed with it.
  if (!at_.end_lost(what.owner, by)) throw lost_answer("the lock's session may still stand", at_.with().shown);
  return answer;
}

/// Whether the wait is over by then. It may have its lock, even if it was cancelled: that is the session's as soon as it
/// was given, whatever becomes of the statement.
bool session_protocol::wait_ended(session_tenure& mine, time_point by) {
  try {
    if (!(*mine.on)->answer(by)) return false;
  } catch (const failure& why) {
    if (why.mend != failure::remedy::none) throw;
  }
  mine.is = state::given;
  return true;
}

void session_protocol::leave_queue(session_tenure& mine, time_point by) {
  parameters with;
  with.number((*mine.on)->served_by().process);
  try {
    do {
      // One that comes before the statement has begun is in vain.
      at_.ask(session_text::cancel, with, by);
      if (!wait_ended(mine, std::min(by, boot_clock::now() + cancel_every))) continue;
      free(mine, by);
      return;
    } while (boot_clock::now() < by);
    throw lost_answer("the server does not end the wait in time", at_.with().shown);
  } catch (const failure&) {
    if (mine.on) at_.lose(mine.owner, **mine.on, mine.ttl);
    mine.forget();
    throw;
  }
}

core::withdraw_answer session_protocol::withdraw(const core::waiter_ref& what, time_point by) {
  core::withdraw_answer answer;
  auto mine = book_.take(what.owner, by);
  try {
    if (mine && mine->is == state::waiting)
      leave_queue(*mine, by);
    else if (mine && mine->on)
      free(*mine, by);
    else if (mine)
      mine->forget();
  } catch (const failure&) {
    mine->forget();
    if (boot_clock::now() >= by) throw;
  }
  answer.conclusive = at_.end_lost(what.owner, by);
  answer.done = true;
  return answer;
}

}  // namespace holdfast::postgres
