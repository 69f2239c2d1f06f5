#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <span>

#include "core/contention.hpp"
#include "core/store.hpp"
#include "store/postgres/engine.hpp"
#include "store/sql/turn.hpp"

namespace holdfast::postgres {

/// The verbs of the store interface, each one statement if nobody contends. Throws `failure`. Thread-safe.
class protocol {
 public:
  /// `client`: whom a NOTIFY tells of a turn.
  protocol(engine& at, const core::owner_id& client) : at_{at}, client_{client} {}

  /// `known`: whether the name had a row that was free, so that one statement did.
  core::turn_answer acquire(const core::request& what, bool wait, time_point by, bool& known);
  core::turn_answer claim(const core::request& what, time_point by);
  core::renew_answer renew(std::span<const core::lease_ref> leases, std::span<core::renew_verdict> verdicts,
                           time_point by);
  void heartbeat(std::span<const core::waiter_ref> waiters, std::span<core::wait_verdict> verdicts, time_point by);
  core::release_answer release(const core::lease_ref& what, time_point by);
  core::withdraw_answer withdraw(const core::waiter_ref& what, time_point by);
  /// Whether there was such a lease.
  bool break_lease(std::string_view name, std::optional<std::uint64_t> token, std::optional<core::owner_id> owner,
                   time_point by);
  resource_view inspect(std::string_view name, time_point by);
  resource_page list(std::string_view prefix, std::string_view cursor, std::size_t limit, time_point by);
  /// Throws if the server can't serve.
  void check(time_point by);
  /// Throws if the tables are of another layout; asks once. A change of their columns would show by itself, another meaning of
  /// theirs would not.
  void know_layout(time_point by);

  struct cleaned {
    bool mine = false;  ///< False: another client is at it, and nothing was done.
    std::uint64_t deleted = 0;
    std::string next;  ///< Empty: came to the last name.
  };
  /// Looks through so many rows in the order of names, from after `from`, else where clean-up ended last, whoever did it.
  cleaned clean(std::optional<std::string_view> from, std::int64_t rows, duration margin, time_point by);

 private:
  struct turn_parameters;
  sql::turn_result turn(sql::turn_verb verb, std::string_view name, const turn_parameters& with, time_point by,
                        on_loss then, time_point* sent = nullptr, const core::request* acquires = nullptr);
  core::turn_answer ask_for_turn(sql::turn_verb verb, const core::request& what, time_point by);
  bool end_lost_sessions(const core::owner_id& owner, time_point by);
  void end_late_acquire(const core::owner_id& owner, time_point by);
  core::wait_verdict look(const core::waiter_ref& who, time_point by);
  core::renew_verdict renew_one(const core::lease_ref& what, time_point patient_until, time_point by, status& why);
  resource_page views(const reply& rows, std::int64_t& now_us, time_point by);

  reply look_at_layout(time_point by);
  void judge_layout(const reply& found);

  engine& at_;
  std::atomic<bool> layout_known_{false};
  const core::owner_id client_;
  core::contention contended_;
};

}  // namespace holdfast::postgres
