#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/owner_id.hpp"
#include "store/etcd/lease_proof.hpp"
#include "store/etcd/one_at_a_time.hpp"

namespace holdfast::etcd {

/// A key of ours that is attached to a session's lease and holds.
struct held_key {
  std::string key;
  revision created = 0;
  time_point since{};  ///< When its grant was answered.
};

/// One lease of etcd's and what hangs on it. Does no I/O. Thread-safe.
class session {
 public:
  /// What it is for: all locks of its ttl, one lock alone, or the keys of those that wait.
  enum class use : std::uint8_t { shared, single, waiting };

  /// `seconds` is what was asked for.
  session(const lease_reply& granted, std::int64_t seconds, use what_for)
      : lease_{granted.lease},
        seconds_{seconds},
        use_{what_for},
        ttl_{std::chrono::seconds{granted.seconds}},
        term_{granted.from.term},
        proof_{granted.from, granted.sent} {}

  [[nodiscard]] lease_id lease() const noexcept { return lease_; }
  [[nodiscard]] std::int64_t seconds() const noexcept { return seconds_; }
  [[nodiscard]] bool single() const noexcept { return use_ == use::single; }
  [[nodiscard]] duration ttl() const noexcept { return ttl_; }

  [[nodiscard]] lease_proof::mark before_sending() const;
  /// False, and the session is over, when etcd does not know the lease any more. `now`: the answer is there.
  bool on_renewed(const lease_proof::mark& before, const lease_reply& answer, time_point now);
  void on_answer(const lease_proof::mark& before, const header& from);
  [[nodiscard]] time_point confirmed() const;
  /// Whether nobody has renewed it for a third of its ttl.
  [[nodiscard]] bool due(time_point now) const;
  /// Whether it may have run out by the time that etcd is asked.
  [[nodiscard]] bool overdue(time_point now) const;
  /// Whether it can only have run out.
  [[nodiscard]] bool expired(time_point now) const;
  /// True, and the session is over, if nobody renewed it for its ttl. What it held is lost to its holders. That etcd may
  /// have it still, for a new leader renews them all, is no good: what was lost, and perhaps not released for etcd was
  /// away, would be kept in the way of others. Those who wait keep their places as long as etcd does.
  bool lapse(time_point now);
  [[nodiscard]] bool over() const;
  /// Whether somebody revoked the lease: etcd did not know it any more before it can have run out.
  [[nodiscard]] bool revoked() const;
  /// Whether it can have run out by itself: it was not renewed for its ttl, or the leader changed.
  [[nodiscard]] bool may_have_run_out(time_point now) const;
  /// How long no renewal was answered: until now, or until its end.
  [[nodiscard]] duration unanswered(time_point now) const;
  /// The lease is gone: with it went all that it held.
  void end();

  void add(const core::owner_id& owner, held_key what);
  void remove(const core::owner_id& owner);
  /// Nothing holds it in place: it may be given back.
  [[nodiscard]] bool idle() const;
  [[nodiscard]] bool holds(const core::owner_id& owner) const;
  [[nodiscard]] bool holds_since(const core::owner_id& owner, time_point before) const;
  [[nodiscard]] std::vector<std::pair<core::owner_id, held_key>> held() const;
  /// The key is not what it was: not held any more.
  void lose(const core::owner_id& owner, revision created);

  /// Held while the lease is renewed and what it holds is looked after: one at a time does so for all.
  one_at_a_time looking_after;
  time_point looked_at{time_point::min()};  ///< When the last such look began. Guarded by looking_after.

 private:
  const lease_id lease_;
  const std::int64_t seconds_;
  const use use_;
  const duration ttl_;
  /// In which it was granted: in later ones a replaced leader of an old etcd may have revoked it.
  const std::uint64_t term_;
  mutable std::mutex mutex_;
  lease_proof proof_;  // guarded by mutex_, like all below
  std::unordered_map<core::owner_id, held_key> held_;
  bool over_ = false;
  bool revoked_ = false;
  time_point over_since_{};
};

}  // namespace holdfast::etcd
