#include <algorithm>
#include <string>
#include <vector>

#include "store/etcd/asked.hpp"
#include "store/etcd/protocol.hpp"
#include "store/etcd/transactions.hpp"

/// The heartbeats: what keeps waiters in the line, and finds events that were lost.
namespace holdfast::etcd {

void protocol::heartbeat(std::span<const core::waiter_ref> waiters, std::span<core::wait_verdict> verdicts,
                         time_point by) {
  listener_.keep_up();
  keep_waiting_alive(by);
  // Each waiter's own key, and the one before it: in few transactions.
  const auto step = transactions::most_actions / 2;
  for (std::size_t begin = 0; begin < waiters.size(); begin += step) {
    const auto end = std::min(begin + step, waiters.size());
    std::vector<std::string> keys;
    std::vector<std::ptrdiff_t> before(end - begin, -1);
    for (auto i = begin; i < end; ++i) {
      const auto mine = tickets_.find(waiters[i].owner);
      auto own = mine ? mine->key : find_key(waiters[i].resource, waiters[i].owner, by);
      // One that is nowhere is looked for under a name that nothing has.
      keys.push_back(own.empty() ? key_of(waiters[i].resource, 0, waiters[i].owner) : std::move(own));
      if (!mine || mine->before.empty()) continue;
      before[i - begin] = static_cast<std::ptrdiff_t>(keys.size());
      keys.push_back(mine->before);
    }
    const auto answer = with_.commit(transactions::look_at_keys(keys), by);
    auto next = answer.results.begin();
    for (auto i = begin; i < end; ++i) {
      const auto& own = *next++;
      const auto* const other = before[i - begin] < 0 ? nullptr : &*next++;
      verdicts[i] = look_after_waiter(waiters[i], own, other, by);
    }
  }
  renewal_.sweep(by);
}

void protocol::keep_waiting_alive(time_point by) {
  if (const auto waits = sessions_.waiting(); waits && tickets_.any_waits() && !sessions_.renew(*waits, by))
    sessions_.drop(waits);
  // So that a hand-off finds a lease to hold by.
  for (const auto& each : tickets_.awaited_sessions())
    if (!sessions_.freshen(*each, by)) sessions_.drop(each);
}

core::wait_verdict protocol::look_after_waiter(const core::waiter_ref& who, const result& own, const result* before,
                                               time_point by) {
  using verdict = core::wait_verdict;
  const auto mine = tickets_.find(who.owner);
  if (own.entries.empty() || (mine && own.entries.front().created != mine->created)) return verdict::gone;
  if (mine && mine->on && mine->on->revoked()) return verdict::gone;
  if (mine && (mine->held || mine->first)) return verdict::your_turn;
  if (mine && before != nullptr && !before->entries.empty() &&
      before->entries.front().created == mine->before_created && listener_.follows(who.owner))
    return verdict::waiting;
  core::request what;
  what.resource = who.resource;
  what.owner = who.owner;
  const auto created = own.entries.front().created;
  const asked about{what};
  about.key = own.entries.front().key;
  const auto seen = look(about, created, by);
  if (!seen.there) return verdict::gone;
  if (!seen.before.nearest || seen.claimed) {
    tickets_.on_first(who.owner, created);
    return verdict::your_turn;
  }
  if (tickets_.on_before(who.owner, created, *seen.before.nearest)) {
    static_cast<void>(listener_.follow(who.owner, seen.before.nearest->key, by));
    if (!tickets_.find(who.owner)) listener_.forget(who.owner);  // It went meanwhile.
  }
  return verdict::waiting;
}

}  // namespace holdfast::etcd
