#pragma once

#include <memory>
#include <string>

#include "core/contention.hpp"
#include "core/store.hpp"
#include "store/etcd/doubts.hpp"
#include "store/etcd/key_names.hpp"
#include "store/etcd/line.hpp"
#include "store/etcd/listener.hpp"
#include "store/etcd/renewal.hpp"
#include "store/etcd/sessions.hpp"
#include "store/etcd/tickets.hpp"
#include "store/etcd/transport.hpp"

namespace holdfast::etcd {

struct asked;

/// The verbs about one lock. Each throws failure. Thread-safe.
class protocol {
 public:
  protocol(transport& with, sessions& s, tickets& t, listener& l, doubts& d, renewal& r)
      : with_{with}, sessions_{s}, tickets_{t}, listener_{l}, doubts_{d}, renewal_{r} {}

  core::turn_answer acquire(const core::request& what, bool wait, time_point by);
  core::turn_answer claim(const core::request& what, time_point by);
  core::release_answer release(const core::lease_ref& what, time_point by);
  core::withdraw_answer withdraw(const core::waiter_ref& what, time_point by);
  void heartbeat(std::span<const core::waiter_ref> waiters, std::span<core::wait_verdict> verdicts, time_point by);

 private:
  struct looked {
    line_before before;
    revision at = 0;     ///< When that was so.
    bool there = false;  ///< Whether the key itself is.
    bool claimed = false;
  };
  /// How often a step begins anew, because leases ran out or others went in between, within one verb.
  static constexpr int most_tries = 5;
  static core::turn_answer answer_of(core::turn_answer::outcome is);
  committed send(const asked& what, const transaction& sent, time_point by);
  std::optional<core::turn_answer> try_to_take(const asked& what, bool wait, bool& through, time_point by);
  core::turn_answer stand(const asked& what, const entry& own, const result& newest, revision at, bool wait,
                          time_point by);
  core::turn_answer queue(const asked& what, revision created, looked seen, time_point by);
  core::turn_answer take_up(const asked& what, revision created, time_point by);
  core::turn_answer lapsed(const asked& what, time_point by);
  [[nodiscard]] bool lost_for_good(const asked& what) const;
  core::turn_answer granted(const asked& what, const std::shared_ptr<session>& on, const lease_proof::mark& before,
                            const committed& answer, revision created, time_point by);
  core::turn_answer refuse(const asked& what, revision created, time_point by);
  looked look(const asked& what, revision created, time_point by);
  [[nodiscard]] std::string known_key(const core::owner_id& owner) const;
  static bool adopt_key(const asked& what, const result& newest);
  entry find_in_line(std::string_view resource, const core::owner_id& owner, time_point by);
  std::string find_key(std::string_view resource, const core::owner_id& owner, time_point by);
  std::shared_ptr<session> session_for(const asked& what, time_point by);
  std::shared_ptr<session> any_session_for(const asked& what, time_point by);
  void check_leases(const std::shared_ptr<session>& a, const std::shared_ptr<session>& b, time_point by);
  void forget(const core::owner_id& owner);
  committed remove(const core::owner_id& owner, const entry& what, time_point by, bool goes_on = false);
  void remove_if_there(const core::owner_id& owner, const std::string& key, time_point by);
  void sweep(time_point by);
  void give_back(const std::shared_ptr<session>& which, time_point by) noexcept;
  void keep_waiting_alive(time_point by);
  core::wait_verdict look_after_waiter(const core::waiter_ref& who, const result& own, const result* before,
                                       time_point by);

  transport& with_;
  sessions& sessions_;
  tickets& tickets_;
  listener& listener_;
  doubts& doubts_;
  renewal& renewal_;
  key_names names_;
  core::contention contended_;
};

}  // namespace holdfast::etcd
