#include "store/etcd/renewal.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <unordered_set>
#include <utility>

#include "store/etcd/errors.hpp"
#include "store/etcd/layout.hpp"
#include "store/etcd/transactions.hpp"

namespace holdfast::etcd {
namespace {

using held_keys = std::vector<std::pair<core::owner_id, held_key>>;

/// A look that began so lately need not be repeated for the next batch of the same session.
constexpr duration recent = std::chrono::milliseconds{100};

/// The rest waits for the next time: what else is asked for is not to be late for it.
constexpr duration longest_sweep = std::chrono::milliseconds{100};

std::vector<std::string> names_of(std::span<const std::pair<core::owner_id, held_key>> keys) {
  std::vector<std::string> names;
  names.reserve(keys.size());
  for (const auto& [owner, each] : keys) names.push_back(each.key);
  return names;
}

bool is_ttl_of(const session& which, duration ttl) {
  return ttl == which.ttl() || sessions::whole_seconds(ttl) == which.seconds();
}

/// Whether it is the key that was put then, and ends with that lease.
bool stands(const result& found, const held_key& as, lease_id by) {
  return !found.entries.empty() && found.entries.front().created == as.created && found.entries.front().lease == by;
}

}  // namespace

/// The leases of a call that go by one session.
struct renewal::batch {
  std::shared_ptr<session> by;
  std::vector<std::size_t> leases;
};

core::renew_answer renewal::renew(std::span<const core::lease_ref> leases, std::span<core::renew_verdict> verdicts,
                                  time_point by) {
  using verdict = core::renew_verdict;
  core::renew_answer answer;
  answer.sent = boot_clock::now();
  std::vector<batch> batches;
  for (std::size_t i = 0; i < leases.size(); ++i) {
    const auto mine = tickets_.find(leases[i].owner);
    verdicts[i] = verdict::lost;
    if (!mine || !mine->held || mine->resource != leases[i].resource) continue;
    auto known = std::find_if(batches.begin(), batches.end(), [&](const batch& each) { return each.by == mine->on; });
    if (known == batches.end()) known = batches.insert(known, {.by = mine->on, .leases = {}});
    known->leases.push_back(i);
  }
  for (const auto& [which, members] : batches) {
    bool proven = false;
    try {
      const one_at_a_time::turn alone{which->looking_after, by};
      const bool looked =
          which->looked_at + recent > boot_clock::now() &&
          std::all_of(members.begin(), members.end(), [&](std::size_t i) {
            return !which->holds(leases[i].owner) || which->holds_since(leases[i].owner, which->looked_at);
          });
      proven = looked || look_after_alone(*which, by);
    } catch (const failure& f) {
      answer.why = f.why;
    }
    if (proven) answer.sent = std::min(answer.sent, which->confirmed());
    for (const auto i : members) {
      verdicts[i] = !which->holds(leases[i].owner) ? verdict::lost : proven ? verdict::renewed : verdict::unknown;
      if (verdicts[i] == verdict::unknown && answer.why.ok())
        answer.why = {errc::unavailable, "etcd's leader changed while it renewed"};
      if (verdicts[i] != verdict::renewed || is_ttl_of(*which, leases[i].ttl)) continue;
      verdicts[i] = verdict::unknown;
      answer.why = {errc::unsupported, "etcd's leases can't be renewed to another ttl than they were granted with"};
    }
    if (which->over()) sessions_.drop(which);
  }
  try {
    sweep(by);
  } catch (const failure&) {  // What is renewed is renewed, whatever becomes of strays.
  }
  return answer;
}

bool renewal::look_after(session& which, time_point by) {
  const one_at_a_time::turn alone{which.looking_after, by};
  return look_after_alone(which, by);
}

bool renewal::look_after_alone(session& which, time_point by) {
  const auto began = boot_clock::now();
  which.looked_at = time_point::min();
  bool proven = false;
  // Where the leader changed, the second renewal is the new one's.
  for (int tries = 0; tries < 3 && !proven; ++tries) {
    if (!sessions_.renew(which, by)) return false;
    const auto before = which.before_sending();
    proven = prove(which, before, by) && which.confirmed() >= began;
    if (which.idle()) break;
  }
  check_all(which, began, by);
  if (proven) which.looked_at = began;
  return proven;
}

/// One transaction that reads what the session holds: it takes a quorum, and shows that the lease is there still.
bool renewal::prove(session& which, const lease_proof::mark& before, time_point by) {
  auto keys = which.held();
  if (keys.empty()) return false;
  if (keys.size() > transactions::most_actions) keys.resize(transactions::most_actions);
  const auto answer = with_.commit(transactions::look_at_keys(names_of(keys)), by);
  lose_changed(which, keys, answer);
  const bool any = std::any_of(keys.begin(), keys.end(), [&](const auto& each) { return which.holds(each.first); });
  if (any) which.on_answer(before, answer.from);
  return any;
}

/// More than one transaction reads: the lease itself tells what hangs on it. What it does not name is asked for once
/// more, for a member that just became the leader may not know all of it yet.
void renewal::check_all(session& which, time_point since, time_point by) {
  auto keys = which.held();
  if (keys.size() <= transactions::most_actions) return;
  const auto told = with_.time_to_live(which.lease(), true, by);
  const std::unordered_set<std::string> there{told.keys.begin(), told.keys.end()};
  std::erase_if(keys, [&](const auto& each) { return each.second.since > since || there.contains(each.second.key); });
  for (std::span<const std::pair<core::owner_id, held_key>> rest{keys}; !rest.empty();) {
    const auto some = rest.first(std::min(rest.size(), transactions::most_actions));
    rest = rest.subspan(some.size());
    lose_changed(which, some, with_.commit(transactions::look_at_keys(names_of(some)), by));
  }
}

void renewal::lose_changed(session& which, std::span<const std::pair<core::owner_id, held_key>> asked,
                           const committed& answer) {
  for (std::size_t i = 0; i < asked.size() && i < answer.results.size(); ++i)
    if (!stands(answer.results[i], asked[i].second, which.lease())) which.lose(asked[i].first, asked[i].second.created);
}

void renewal::sweep(time_point by) {
  const auto strays = doubts_.due(transactions::most_actions);
  if (strays.empty()) return;
  const auto enough = boot_clock::now() + longest_sweep;
  std::vector<std::string> keys;
  for (const auto& each : strays) keys.push_back(each.key);
  const auto seen = with_.commit(transactions::read_keys(keys), by);
  for (std::size_t i = 0; i < strays.size() && (i == 0 || boot_clock::now() < enough); ++i) {
    const auto& found = seen.results.at(i).entries;
    if (!found.empty() && belongs_to(found.front(), strays[i].owner))
      with_.commit(transactions::remove(found.front().key, found.front().created), by);
    doubts_.on_gone(strays[i].owner);
    if (const auto ticket = tickets_.take(strays[i].owner); ticket && ticket->on) ticket->on->remove(strays[i].owner);
  }
}

}  // namespace holdfast::etcd
