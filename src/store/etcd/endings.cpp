#include <string>
#include <vector>

#include "store/etcd/asked.hpp"
#include "store/etcd/errors.hpp"
#include "store/etcd/layout.hpp"
#include "store/etcd/protocol.hpp"
#include "store/etcd/transactions.hpp"

/// How requests and leases end, and what is done for what may be left of them.
namespace holdfast::etcd {

core::release_answer protocol::release(const core::lease_ref& what, time_point by) {
  using outcome = core::release_answer::outcome;
  const auto mine = tickets_.find(what.owner);
  const auto key = find_key(what.resource, what.owner, by);
  core::release_answer made;
  made.is = outcome::not_held;
  if (key.empty() || (mine && !mine->held)) return made;
  const auto answer = remove(what.owner, {.key = key, .value = {}, .created = static_cast<revision>(what.token)}, by);
  forget(what.owner);
  if (mine) give_back(mine->on, by);
  if (!answer.succeeded && answer.repeated) {
    made.is = outcome::failed;
    made.unknown = true;
    made.why = {errc::outcome_unknown, "an answer of etcd's was lost, and then the lease was not there"};
    return made;
  }
  made.is = answer.succeeded ? outcome::released : outcome::not_held;
  return made;
}

core::withdraw_answer protocol::withdraw(const core::waiter_ref& what, time_point by) {
  const auto mine = tickets_.find(what.owner);
  const auto key = known_key(what.owner);
  forget(what.owner);
  if (mine) remove(what.owner, {.key = key, .value = {}, .created = mine->created}, by);
  if (key.empty()) {
    if (const auto found = find_in_line(what.resource, what.owner, by); found.created != 0)
      remove(what.owner, found, by);
  } else if (!mine || doubts_.about(what.owner)) {
    remove_if_there(what.owner, key, by);
  }
  if (mine) give_back(mine->on, by);
  core::withdraw_answer made;
  made.done = true;
  made.conclusive = !doubts_.about(what.owner);
  return made;
}

void protocol::forget(const core::owner_id& owner) {
  listener_.forget(owner);
  if (const auto mine = tickets_.take(owner); mine && mine->on) mine->on->remove(owner);
  names_.give_back(owner);
}

/// What is not known to be gone is left to the sweep. Only ever deletes what was seen: a deletion that a stopped member
/// carries out late must not hit who has the name by then.
committed protocol::remove(const core::owner_id& owner, const entry& what, time_point by, bool goes_on) {
  try {
    auto answer = with_.commit(transactions::remove(what.key, what.created), by);
    if (!goes_on) doubts_.end(owner);
    return answer;
  } catch (const failure&) {
    goes_on ? doubts_.add(owner, what.key) : doubts_.leave(owner, what.key);
    names_.give_back(owner);
    throw;
  }
}

void protocol::remove_if_there(const core::owner_id& owner, const std::string& key, time_point by) {
  committed seen;
  try {
    const std::vector<std::string> one{key};
    seen = with_.commit(transactions::read_keys(one), by);
  } catch (const failure&) {
    doubts_.leave(owner, key);
    throw;
  }
  const auto& found = seen.results.at(0).entries;
  if (!found.empty() && belongs_to(found.front(), owner)) remove(owner, found.front(), by);
  doubts_.end(owner);
}

/// Clients that never hold for long renew nothing: so those who ask look after strays, too.
void protocol::sweep(time_point by) {
  try {
    renewal_.sweep(by);
  } catch (const failure&) {  // The request itself will tell what is wrong.
  }
}

/// A single lease is of no more use. Where that can't be told to etcd, it runs out.
void protocol::give_back(const std::shared_ptr<session>& which, time_point by) noexcept {
  if (!which || !which->single() || which->over()) return;
  try {
    with_.revoke(which->lease(), by);
  } catch (const std::exception&) {
  }
}

}  // namespace holdfast::etcd
