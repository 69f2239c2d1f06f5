#include "store/postgres/protocol.hpp"

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "store/sql/pace.hpp"

namespace holdfast::postgres {

using core::turn_answer;
using sql::turn_verb;
using sql::turn_verdict;

namespace {

/// Beyond it the server's own statements refuse what is too near to the end of all tokens.
constexpr auto highest_reckoned = static_cast<std::int64_t>(sql::token_limit / 2);

turn_answer granted(const core::request& what, std::uint64_t token, time_point sent) {
  turn_answer answer;
  answer.is = turn_answer::outcome::granted;
  answer.token = token;
  answer.ttl = what.ttl;
  answer.sent = sent;
  return answer;
}

}  // namespace

/// What else the routine is told; NULL where it is empty.
struct protocol::turn_parameters {
  std::optional<core::owner_id> owner;
  std::optional<std::int64_t> ttl_us;
  std::optional<std::int64_t> reserve;
  std::optional<std::uint64_t> used;
  std::optional<std::string_view> party;
};

sql::turn_result protocol::turn(turn_verb verb, std::string_view name, const turn_parameters& given, time_point by,
                                on_loss then, time_point* sent, const core::request* acquires) {
  parameters with;
  const auto number = [&](const auto& value) { value ? with.number(static_cast<std::int64_t>(*value)) : with.null(); };
  with.number(static_cast<int>(verb)).bytes(name);
  given.owner ? with.owner(*given.owner) : with.null();
  number(given.ttl_us);
  number(given.reserve);
  number(given.used);
  given.party ? with.bytes(*given.party) : with.null();
  at_.pooled() ? with.null() : with.owner(client_);
  at_.add_bounds(with);
  const auto answer = at_.ask(at_.texts().turn, with, by, then, acquires);
  const auto& rows = answer.rows;
  sql::turn_result result;
  result.verdict = static_cast<turn_verdict>(rows.number(0, 0));
  result.token = static_cast<std::uint64_t>(rows.number(0, 1));
  result.position = static_cast<std::uint32_t>(rows.number(0, 2));
  result.left_us = rows.number(0, 3);
  result.now_us = rows.number(0, 4);
  result.queued = !rows.null(0, 5) && rows.boolean(0, 5);
  // A statement that waited for a lock read the clock late: its reading lies between all the same.
  at_.saw_clock(result.now_us, answer);
  contended_.saw(name, result.queued);
  if (sent != nullptr) *sent = answer.sent;
  return result;
}

turn_answer protocol::ask_for_turn(turn_verb verb, const core::request& what, time_point by) {
  time_point sent;
  const auto result = turn(verb, what.resource,
                           {.owner = what.owner,
                            .ttl_us = sql::in_us(what.ttl),
                            .reserve = what.reserve,
                            .used = std::nullopt,
                            .party = what.party},
                           by, on_loss::ask_again, &sent, &what);
  return sql::to_answer(result, what, sent);
}

turn_answer protocol::acquire(const core::request& what, bool wait, time_point by, bool& known) {
  known = false;
  know_layout(by);
  if (!contended_.likely(what.resource)) {
    parameters with;
    const auto token = what.reserve == 0 ? at_.reckoned_clock() : 0;
    if (token > 0 && token < highest_reckoned) {
      with.bytes(what.resource).owner(what.owner).number(sql::in_us(what.ttl)).bytes(what.party).number(token);
      const auto answer = at_.ask(at_.texts().take_as, with, by, on_loss::ask_again, &what);
      known = answer.rows.changed();
      return known ? granted(what, static_cast<std::uint64_t>(token), answer.sent)
                   : ask_for_turn(wait ? turn_verb::acquire : turn_verb::try_acquire, what, by);
    }
    with.bytes(what.resource).owner(what.owner).number(what.reserve).number(sql::in_us(what.ttl)).bytes(what.party);
    const auto answer = at_.ask(at_.texts().take, with, by, on_loss::ask_again, &what);
    if (answer.rows.rows() == 1) {
      known = true;
      at_.saw_clock(answer.rows.number(0, 1), answer);
      return granted(what, static_cast<std::uint64_t>(answer.rows.number(0, 0)), answer.sent);
    }
  }
  return ask_for_turn(wait ? turn_verb::acquire : turn_verb::try_acquire, what, by);
}

turn_answer protocol::claim(const core::request& what, time_point by) {
  // Who was told of its turn finds the hand-off on record.
  parameters with;
  with.bytes(what.resource).owner(what.owner).number(sql::in_us(what.ttl)).bytes(what.party);
  const auto answer = at_.ask(at_.texts().take_up, with, by, on_loss::ask_again, &what);
  if (answer.rows.rows() == 1) {
    at_.saw_clock(answer.rows.number(0, 1), answer);
    return granted(what, static_cast<std::uint64_t>(answer.rows.number(0, 0)), answer.sent);
  }
  return ask_for_turn(turn_verb::claim, what, by);
}

core::release_answer protocol::release(const core::lease_ref& what, time_point by) {
  core::release_answer answer;
  answer.is = core::release_answer::outcome::released;
  end_late_acquire(what.owner, by);
  if (!contended_.likely(what.resource)) {
    parameters with;
    with.bytes(what.resource).owner(what.owner).number(static_cast<std::int64_t>(what.token));
    const auto freed = at_.ask(at_.texts().free, with, by, on_loss::give_up);
    if (freed.rows.changed()) return answer;
  }
  parameters with;
  at_.add_bounds(with);
  with.bytes(what.resource).owner(what.owner).number(static_cast<std::int64_t>(what.token));
  const auto passed = at_.ask(at_.texts().pass, with, by, on_loss::give_up);
  if (static_cast<turn_verdict>(passed.rows.number(0, 0)) != turn_verdict::released)
    answer.is = core::release_answer::outcome::not_held;
  return answer;
}

core::wait_verdict protocol::look(const core::waiter_ref& who, time_point by) {
  const auto result =
      turn(turn_verb::look, who.resource, {.owner = who.owner, .ttl_us = {}, .reserve = {}, .used = {}, .party = {}},
           by, on_loss::ask_again);
  switch (result.verdict) {
    case turn_verdict::your_turn:
      return core::wait_verdict::your_turn;
    case turn_verdict::waiting:
      return core::wait_verdict::waiting;
    default:
      return core::wait_verdict::gone;
  }
}

void protocol::heartbeat(std::span<const core::waiter_ref> waiters, std::span<core::wait_verdict> verdicts,
                         time_point by) {
  std::vector<std::string_view> names;
  std::vector<sql::owner_bytes> ids;
  std::vector<std::string_view> owners;
  ids.reserve(waiters.size());
  for (const auto& each : waiters) {
    names.push_back(each.resource);
    owners.push_back(sql::view_of(ids.emplace_back(sql::to_bytes(each.owner))));
  }
  const auto name_array = array_of_bytes(names);
  const auto owner_array = array_of_bytes(owners);
  parameters with;
  at_.add_bounds(with);
  with.array(name_array).array(owner_array);
  const auto answer = at_.ask(at_.texts().beat, with, by, on_loss::ask_again);
  for (int row = 0; row < answer.rows.rows(); ++row) {
    const auto index = static_cast<std::size_t>(answer.rows.number(row, 0)) - 1;
    if (index >= waiters.size()) continue;
    if (row == 0) at_.saw_clock(answer.rows.number(row, 2), answer);
    switch (static_cast<turn_verdict>(answer.rows.number(row, 1))) {
      case turn_verdict::nothing:  // The resource is free, and somebody waits.
        verdicts[index] = look(waiters[index], by);
        break;
      case turn_verdict::your_turn:
        verdicts[index] = core::wait_verdict::your_turn;
        break;
      case turn_verdict::waiting:
        verdicts[index] = core::wait_verdict::waiting;
        break;
      default:
        verdicts[index] = core::wait_verdict::gone;
        break;
    }
  }
}

/// Whether no acquire of this owner can arrive any more.
bool protocol::end_lost_sessions(const core::owner_id& owner, time_point by) {
  const auto lost = at_.losses().of(owner);
  bool all_gone = true;
  if (!lost.empty()) {
    at_.on_connection(by, [&](connection& on) {
      for (const auto& session : lost) {
        // Behind a pooler, or on a server that is not the one we talk to now, nobody can tell.
        if (on.pooled() || session.server != on.served_by().server) {
          all_gone = false;
          continue;
        }
        parameters with;
        with.number(session.process).number(session.since_us);
        const auto gone = on.run(at_.texts().terminate, with, by);
        all_gone = all_gone && gone.boolean(0, 0);
      }
    });
  }
  return all_gone;
}

/// A copy of the acquire that was granted by a later one would take again what is released now.
void protocol::end_late_acquire(const core::owner_id& owner, time_point by) {
  if (at_.losses().none()) return;
  try {
    if (end_lost_sessions(owner, by)) at_.losses().forget(owner);
  } catch (const failure&) {  // It is over when the lease is. The release itself tells of what is wrong.
  }
}

core::withdraw_answer protocol::withdraw(const core::waiter_ref& what, time_point by) {
  core::withdraw_answer answer;
  answer.conclusive = end_lost_sessions(what.owner, by);
  turn(turn_verb::withdraw, what.resource, {.owner = what.owner, .ttl_us = {}, .reserve = {}, .used = {}, .party = {}},
       by, on_loss::ask_again);
  answer.done = true;
  if (answer.conclusive) at_.losses().forget(what.owner);
  return answer;
}

bool protocol::break_lease(std::string_view name, std::optional<std::uint64_t> token,
                           std::optional<core::owner_id> owner, time_point by) {
  know_layout(by);
  const auto result =
      turn(turn_verb::break_lease, name, {.owner = owner, .ttl_us = {}, .reserve = {}, .used = token, .party = {}}, by,
           on_loss::give_up);
  return result.verdict == turn_verdict::released;
}

protocol::cleaned protocol::clean(std::optional<std::string_view> from, std::int64_t rows, duration margin,
                                  time_point by) {
  know_layout(by);
  parameters with;
  at_.add_bounds(with);
  from ? with.bytes(*from) : with.null();
  with.number(rows).number(sql::in_us(margin));
  const auto answer = at_.ask(at_.texts().clean, with, by, on_loss::give_up);
  return {answer.rows.boolean(0, 0), static_cast<std::uint64_t>(answer.rows.number(0, 1)),
          std::string{answer.rows.bytes(0, 2)}};
}

}  // namespace holdfast::postgres
