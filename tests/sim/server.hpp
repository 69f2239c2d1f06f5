#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "backend.hpp"
#include "faults.hpp"
#include "judge.hpp"

namespace holdfast::sim {

/// The store (see backend) behind a clock of its own, which drifts and steps. It may pause and forget. After every verb
/// it is looked at: nobody but a live lease's owner may change it, turns go in the order of the queue, and
/// whoever believes to hold a resource has it.
class server {
 public:
  server(timeline& time, const profile& how, judge& court, std::size_t resources, sabotage broken);
  void open(std::unique_ptr<backend> store) { store_ = std::move(store); }
  /// The store told a client of its turn.
  void told(const core::owner_id& owner) { told_.insert(owner); }

  core::turn_answer acquire(session from, const core::request& what, bool wait);
  core::turn_answer claim(session from, const core::request& what);
  core::renew_verdict renew(session from, const core::lease_ref& what);
  std::vector<core::wait_verdict> heartbeat(session from, const std::vector<core::waiter_ref>& waiters);
  core::release_answer release(session from, const core::lease_ref& what);
  core::withdraw_answer withdraw(session from, const core::waiter_ref& what);

  void break_lease(std::size_t resource);
  void keep_snapshot();
  void forget();
  void flush();
  void evict(std::size_t resource, rng& dice);
  bool foreign_lock(std::size_t resource, const core::owner_id& owner, duration ttl);
  void foreign_unlock(std::size_t resource, const core::owner_id& owner);
  /// Its own lock, or whoever's.
  void foreign_delete(std::size_t resource, const core::owner_id& by);
  [[nodiscard]] backend& store() const noexcept { return *store_; }
  void step_clock(duration by);
  void pause(duration how_long) { paused_until_ = time_.now() + how_long; }
  /// When a request that arrives at `when` is carried out.
  [[nodiscard]] time_point served(time_point when) const { return std::max(when, paused_until_); }

  /// An acquire that may arrive (or did).
  void acquire_sent(const core::owner_id& owner) { ++in_flight_[owner]; }
  void acquire_arrived(const core::owner_id& owner) {
    if (--in_flight_[owner] == 0) in_flight_.erase(owner);
  }
  /// An acquire arrives a second time, unknown to its sender.
  void acquire_repeated(const core::owner_id& owner) { repeated_.insert(owner); }
  [[nodiscard]] bool was_repeated(const core::owner_id& owner) const { return repeated_.contains(owner); }
  [[nodiscard]] bool may_arrive(const core::owner_id& owner) const { return in_flight_.contains(owner); }

  /// Who has the resource now.
  [[nodiscard]] core::owner_id holder(std::size_t resource) const;
  /// Whether anything of `owner` is in the store.
  [[nodiscard]] bool knows(std::size_t resource, const core::owner_id& owner) const;
  /// A token that nobody was given.
  [[nodiscard]] std::uint64_t token_for_nothing() const { return store_->token_for_nothing(clock()); }
  [[nodiscard]] std::string leftover(std::size_t resource) const { return store_->leftover(name(resource), clock()); }

  static std::string name(std::size_t resource) { return std::string{"r"} + static_cast<char>('0' + resource); }
  static std::size_t index(std::string_view name) { return static_cast<std::size_t>(name[1] - '0'); }

 private:
  struct seen_resource {
    core::owner_id holder;
    time_point expires;                             ///< By the store's clock.
    std::map<core::owner_id, std::uint64_t> queue;  ///< The places, as they were given.
    std::set<core::owner_id> deaf;
    bool claimed = true;
    bool known = false;  ///< Nothing disturbed what was seen.
  };

  [[nodiscard]] time_point clock() const;
  void look(std::size_t resource, const core::owner_id& actor);
  void check_order(const seen_resource& before, const contents& now) const;
  void check_answer(const core::request& what, const core::turn_answer& answer, const seen_resource& before);
  void check_freed(std::size_t resource, const core::owner_id& by, const seen_resource& before);
  void judge_forgotten();
  std::uint64_t falling_token(const core::turn_answer& answer, const core::request& what);

  timeline& time_;
  const profile& how_;
  judge& court_;
  sabotage broken_;
  time_point opened_;
  duration steps_{};
  time_point paused_until_{};
  std::unique_ptr<backend> store_;
  bool snapshot_ = false;
  std::vector<seen_resource> seen_;
  std::map<core::owner_id, int> in_flight_;
  std::set<core::owner_id> repeated_;
  std::map<core::owner_id, std::uint64_t> counted_tokens_;  ///< For sabotage::tokens_fall.
  std::uint64_t token_count_ = 0;
  std::uint64_t snapshot_count_ = 0;
  std::uint64_t last_place_ = 0;
  /// Were in a queue, and no longer: who was given up for dead may come back to its place, or to the end.
  std::set<core::owner_id> left_;
  std::set<core::owner_id> told_;  ///< By the verb that is being carried out.
};

}  // namespace holdfast::sim
