#include "store/etcd/protocol.hpp"

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

#include "store/etcd/asked.hpp"
#include "store/etcd/errors.hpp"
#include "store/etcd/layout.hpp"
#include "store/etcd/transactions.hpp"

namespace holdfast::etcd {
namespace {

using outcome = core::turn_answer::outcome;

/// A waiter looks unasked that often, should an event have been lost; heartbeats look more often.
constexpr duration look_again = std::chrono::seconds{10};
/// ... and where its stream of events could not be had.
constexpr duration look_again_soon = std::chrono::milliseconds{500};

}  // namespace

core::turn_answer protocol::answer_of(outcome is) {
  core::turn_answer made;
  made.is = is;
  return made;
}

// --- acquire -----------------------------------------------------------------------------------------------------

core::turn_answer protocol::acquire(const core::request& what, bool wait, time_point by) {
  const asked a{what};
  bool through = false;
  sweep(by);
  doubts_.begin(what.owner);
  try {
    for (int tries = 0; tries < most_tries; ++tries) {
      auto answer = try_to_take(a, wait, through, by);
      if (answer && answer->is != outcome::gone) return *std::move(answer);
    }
  } catch (failure& f) {
    f.unknown = f.unknown || a.stood;  // What failed came after the key was put.
    if (!f.unknown && a.named) names_.give_back(what.owner);
    throw;
  }
  throw failure{{errc::unavailable, "etcd's leases run out faster than they can be used"}, true};
}

/// Puts what may be carried out without being answered under observation.
committed protocol::send(const asked& what, const transaction& sent, time_point by) {
  try {
    auto answer = with_.commit(sent, by);
    if (answer.repeated) doubts_.add(what.what.owner, what.key);
    return answer;
  } catch (const failure& f) {
    if (f.unknown) doubts_.add(what.what.owner, what.key);
    throw;
  }
}

/// Nothing: once more. `through`: put the key though it does not wait, to see who stands before it.
std::optional<core::turn_answer> protocol::try_to_take(const asked& what, bool wait, bool& through, time_point by) {
  const auto holds = session_for(what, by);
  auto waits = wait ? sessions_.waiting() : through ? holds : nullptr;
  if (waits && !sessions_.freshen(*waits, by)) waits = nullptr;
  what.waits = waits;
  if (what.key.empty()) what.key = known_key(what.what.owner);
  if (what.key.empty()) {
    what.key = names_.take(what.what.resource, holds->lease(), what.what.owner);
    what.named = true;
  }
  const auto before = holds->before_sending();
  const bool crowded = waits && contended_.likely(what.what.resource);
  committed answer;
  try {
    answer = send(what,
                  crowded ? transactions::queue(what.prefix, what.key, what.text(false), waits->lease())
                          : transactions::take_or_queue(what.prefix, what.key, what.text(true), what.text(false),
                                                        holds->lease(), waits ? waits->lease() : 0),
                  by);
  } catch (const failure& f) {
    if (f.is != failure::kind::lease_gone) throw;
    check_leases(holds, waits, by);
    return std::nullopt;
  }
  what.stood = what.stood || answer.succeeded || waits;
  if (answer.succeeded && !crowded) return granted(what, holds, before, answer, answer.from.at, by);
  const auto [own, newest] = transactions::queued_results_of(answer);
  if (!own.entries.empty() && (!belongs_to(own.entries.front(), what.what.owner) || adopt_key(what, newest))) {
    // One that nobody uses: this client put it long ago, and its answer was lost; or it stands under another already.
    with_.commit(transactions::remove(own.entries.front().key, own.entries.front().created), by);
    return std::nullopt;
  }
  if (!own.entries.empty()) return stand(what, own.entries.front(), newest, answer.from.at, wait, by);
  if (wait) {
    sessions_.for_waiting(by);
    return std::nullopt;
  }
  const bool taken = judge_line(newest.entries, newest.more, what.prefix).nearest.has_value();
  if (taken) return refuse(what, 0, by);
  through = true;  // What is in the way may all be other resources', whose names go on from ours.
  return std::nullopt;
}

/// The key is there: it holds, or stands in line.
core::turn_answer protocol::stand(const asked& what, const entry& own, const result& newest, revision at, bool wait,
                                  time_point by) {
  if (is_claimed(own)) return take_up(what, own.created, by);
  looked seen{.before = {}, .at = at, .there = true};
  if (!newest.entries.empty() && newest.entries.front().key == own.key) {
    const std::vector<entry> others{newest.entries.begin() + 1, newest.entries.end()};
    seen.before = judge_line(others, newest.more, what.prefix);
    // All there are but itself and those that were seen to be no part of the line.
    const auto strangers = others.size() - seen.before.count;
    seen.before.count = static_cast<std::uint32_t>(newest.count - 1 - static_cast<std::int64_t>(strangers));
  }
  if (!seen.before.nearest && (seen.before.cut || newest.entries.empty() || newest.entries.front().key != own.key))
    seen = look(what, own.created, by);
  if (!seen.there) return answer_of(outcome::gone);
  if (!seen.before.nearest) {
    contended_.saw(what.what.resource, false);
    return take_up(what, own.created, by);
  }
  if (!wait) return refuse(what, own.created, by);
  return queue(what, own.created, std::move(seen), by);
}

/// Somebody holds it, or waits. What this request had there goes.
core::turn_answer protocol::refuse(const asked& what, revision created, time_point by) {
  forget(what.what.owner);
  if (!what.goes_on) doubts_.end(what.what.owner);
  if (created != 0) remove(what.what.owner, {.key = what.key, .value = {}, .created = created}, by, what.goes_on);
  give_back(what.single, by);
  auto busy = answer_of(outcome::busy);
  busy.sent = boot_clock::now();
  return busy;
}

/// Waits for the end of the key before it: first the watch, and then a look whether that key is still there.
core::turn_answer protocol::queue(const asked& what, revision created, looked seen, time_point by) {
  const auto on = session_for(what, by);
  bool followed = false;
  for (int tries = 0; tries < most_tries; ++tries) {
    if (!seen.there) return lapsed(what, by);
    if (!seen.before.nearest) return take_up(what, created, by);
    const auto& nearest = *seen.before.nearest;
    tickets_.put(what.what.owner, {.resource = what.what.resource,
                                   .key = what.key,
                                   .created = created,
                                   .before = nearest.key,
                                   .before_created = nearest.created,
                                   .on = on,
                                   .waits = what.waits});
    const auto since = listener_.follow(what.what.owner, nearest.key, by);
    followed = since.has_value();
    if (!followed || *since <= seen.at) break;
    const std::vector<std::string> both{what.key, nearest.key};
    const auto now = with_.commit(transactions::look_at_keys(both), by);
    const auto& there = now.results.at(1).entries;
    if (!now.results.at(0).entries.empty() && !there.empty() && there.front().created == nearest.created) break;
    seen = look(what, created, by);
  }
  contended_.saw(what.what.resource, true);
  auto answer = answer_of(outcome::queued);
  answer.position = position_behind(seen.before.count);
  answer.look_again = followed ? look_again : look_again_soon;
  return answer;
}

protocol::looked protocol::look(const asked& what, revision created, time_point by) {
  looked seen;
  auto answer = with_.commit(transactions::look(what.prefix, what.key, created), by);
  const auto& own = answer.results.at(0).entries;
  seen.there = !own.empty() && own.front().created == created;
  seen.claimed = seen.there && is_claimed(own.front());
  seen.at = answer.from.at;
  seen.before = judge_line(answer.results.at(1).entries, answer.results.at(1).more, what.prefix);
  while (!seen.before.nearest && seen.before.cut) {
    answer = with_.commit(transactions::look_on(what.prefix, seen.before.oldest), by);
    seen.before = judge_line(answer.results.at(0).entries, answer.results.at(0).more, what.prefix);
  }
  return seen;
}

core::turn_answer protocol::granted(const asked& what, const std::shared_ptr<session>& on,
                                    const lease_proof::mark& before, const committed& answer, revision created,
                                    time_point by) {
  on->on_answer(before, answer.from);
  on->add(what.what.owner, {.key = what.key, .created = created, .since = boot_clock::now()});
  listener_.forget(what.what.owner);
  tickets_.put(what.what.owner,
               {.resource = what.what.resource, .key = what.key, .created = created, .held = true, .on = on});
  // A renewal that another leader may have answered: it is made sure of now, for little is left of the one before.
  if (boot_clock::now() - on->confirmed() >= on->ttl() / 2) renewal_.look_after(*on, by);
  auto made = answer_of(outcome::granted);
  made.token = static_cast<std::uint64_t>(created);
  made.ttl = on->ttl();
  made.sent = on->confirmed();
  return made;
}

// --- keys --------------------------------------------------------------------------------------------------------

/// The key that the request stands under, or may stand under; empty if this client knows of none.
std::string protocol::known_key(const core::owner_id& owner) const {
  if (const auto mine = tickets_.find(owner)) return mine->key;
  auto doubtful = doubts_.key_of(owner);
  return doubtful.empty() ? names_.of(owner) : doubtful;
}

/// The same, but where this client knows of none the line is read.
std::string protocol::find_key(std::string_view resource, const core::owner_id& owner, time_point by) {
  if (auto known = known_key(owner); !known.empty()) return known;
  return find_in_line(resource, owner, by).key;
}

entry protocol::find_in_line(std::string_view resource, const core::owner_id& owner, time_point by) {
  const auto prefix = prefix_of(resource);
  for (auto oldest = std::numeric_limits<revision>::max();;) {
    const auto answer = with_.commit(transactions::read_line(prefix, oldest), by);
    const auto& page = answer.results.at(0);
    for (const auto& each : page.entries)
      if (stands_in_line(each.key, prefix) && belongs_to(each, owner)) return each;
    if (!page.more || page.entries.empty()) return {};
    oldest = page.entries.back().created;
  }
}

/// Whether the request stands in line under another key, by a client that this one knows nothing of: then that is its key.
bool protocol::adopt_key(const asked& what, const result& newest) {
  for (const auto& each : newest.entries) {
    if (each.key == what.key || !stands_in_line(each.key, what.prefix) || !belongs_to(each, what.what.owner)) continue;
    what.key = each.key;
    return true;
  }
  return false;
}

std::shared_ptr<session> protocol::session_for(const asked& what, time_point by) {
  auto found = any_session_for(what, by);
  // Renewing it may have told so.
  if (const auto mine = tickets_.find(what.what.owner); what.waited && mine && mine->on && mine->on->revoked())
    throw place_lost();
  return found;
}

std::shared_ptr<session> protocol::any_session_for(const asked& what, time_point by) {
  if (what.what.renews) return sessions_.for_holding(what.what.ttl, true, by);
  if (const auto mine = tickets_.find(what.what.owner); mine && mine->on) what.single = mine->on;
  if (!what.single || what.single->over() || !sessions_.freshen(*what.single, by))
    what.single = sessions_.for_holding(what.what.ttl, false, by);
  return what.single;
}

/// etcd does not know one of these leases: which?
void protocol::check_leases(const std::shared_ptr<session>& a, const std::shared_ptr<session>& b, time_point by) {
  for (const auto& each : {a, b})
    if (each && !sessions_.renew(*each, by)) sessions_.drop(each);
}

}  // namespace holdfast::etcd
