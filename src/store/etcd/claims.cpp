#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "store/etcd/asked.hpp"
#include "store/etcd/errors.hpp"
#include "store/etcd/protocol.hpp"
#include "store/etcd/transactions.hpp"

/// How a turn is taken up, and what becomes of who has lost its place.
namespace holdfast::etcd {

using outcome = core::turn_answer::outcome;

core::turn_answer protocol::claim(const core::request& what, time_point by) {
  const asked a{what};
  const auto mine = tickets_.find(what.owner);
  a.key = mine ? mine->key : find_key(what.resource, what.owner, by);
  if (a.key.empty()) return answer_of(outcome::gone);
  a.waited = mine && !mine->held;
  if (mine) a.waits = mine->waits;
  if (a.waited && mine->on && mine->on->revoked()) throw place_lost();
  if (mine && (mine->first || mine->held)) return take_up(a, mine->created, by);
  if (!mine) {
    const std::vector<std::string> own{a.key};
    const auto answer = with_.commit(transactions::look_at_keys(own), by);
    if (answer.results.at(0).entries.empty()) return answer_of(outcome::gone);
    auto seen = look(a, answer.results.at(0).entries.front().created, by);
    return queue(a, answer.results.at(0).entries.front().created, std::move(seen), by);
  }
  auto seen = look(a, mine->created, by);
  if (seen.claimed) return take_up(a, mine->created, by);
  return queue(a, mine->created, std::move(seen), by);
}

/// It is the first: its turn begins with a write that every member agrees to.
core::turn_answer protocol::take_up(const asked& what, revision created, time_point by) {
  for (int tries = 0; tries < most_tries; ++tries) {
    const auto on = session_for(what, by);
    const auto before = on->before_sending();
    try {
      const auto answer = with_.commit(transactions::claim(what.key, created, what.text(true), on->lease()), by);
      if (!answer.succeeded) return lapsed(what, by);
      return granted(what, on, before, answer, created, by);
    } catch (const failure& f) {
      if (f.is != failure::kind::lease_gone) throw;
      check_leases(on, nullptr, by);
      if (what.waited && on->revoked()) throw place_lost();
    }
  }
  throw failure{{errc::unavailable, "etcd's leases run out faster than they can be used"}, true};
}

/// The key is gone: with its lease, or somebody deleted it. The place is lost; a resource that nobody wants is not.
core::turn_answer protocol::lapsed(const asked& what, time_point by) {
  if (what.waited && lost_for_good(what)) throw place_lost();
  forget(what.what.owner);
  what.key.clear();
  bool through = false;
  what.goes_on = true;
  auto answer = try_to_take(what, false, through, by);
  what.goes_on = false;
  if (answer && answer->is == outcome::granted) return *std::move(answer);
  return answer_of(outcome::gone);
}

/// The lease of its place is short, so that the dead are soon gone, and whom a pause has cost it may queue anew: but not
/// where somebody ended it, nor after a pause in which the lease that was asked for ran out, too.
bool protocol::lost_for_good(const asked& what) const {
  const auto now = boot_clock::now();
  const auto mine = tickets_.find(what.what.owner);
  const bool paused = !what.waits || what.waits->may_have_run_out(now);
  // The session of its place is renewed with each heartbeat: how long nothing was heard of etcd is best known by it.
  const auto cut_off = what.waits ? what.waits->unanswered(now) : duration::zero();
  return !paused || (mine && mine->on && cut_off >= mine->on->ttl());
}

}  // namespace holdfast::etcd
