#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/store.hpp"
#include "store/mysql/connection.hpp"
#include "store/mysql/statements.hpp"
#include "store/sql/clock_watch.hpp"
#include "store/sql/row.hpp"
#include "store/sql/turn.hpp"

namespace holdfast::mysql {

/// How long a free name's token stays on record after the clock has passed it.
inline constexpr duration token_margin = std::chrono::hours{1};
/// By hand one wants to see that something goes.
inline constexpr duration token_margin_by_hand = std::chrono::minutes{1};
inline constexpr int cleaned_at_once = 500;

/// Who was given a turn by a verb of somebody else's.
struct told {
  core::owner_id client;
  core::owner_id owner;  ///< Nil: nobody.
};

/// The verbs as statements, on a connection that the caller has. Throws `failure`.
class protocol {
 public:
  explicit protocol(const sql::table_names& names) : with_{names} {}

  /// Whether the tables are there. Throws where they are of another layout.
  bool tables_are_there(connection& on, time_point by);
  void check_rights(connection& on, time_point by);

  /// For `client`, should it have to wait. One statement where the resource is free and nobody waits, else one more, and
  /// `contended` says so.
  core::turn_answer acquire(connection& on, const core::owner_id& client, const core::request& what, bool wait,
                            time_point by, told& next, bool& contended);
  core::turn_answer claim(connection& on, const core::request& what, time_point by, told& next);
  core::release_answer release(connection& on, const core::lease_ref& what, time_point by, told& next);
  void withdraw(connection& on, const core::waiter_ref& what, time_point by, told& next);
  /// Whether there was such a lease.
  bool break_lease(connection& on, std::string_view name, std::optional<std::uint64_t> token,
                   std::optional<core::owner_id> owner, time_point by, told& next);
  core::wait_verdict look(connection& on, const core::waiter_ref& what, time_point by, told& next);
  /// Gives the resource to the first live waiter if it is free.
  void promote(connection& on, std::string_view name, time_point by, told& next);
  /// The waiters of these clients are alive. How many there are.
  std::uint64_t beat(connection& on, std::span<const core::owner_id> clients, time_point by);

  using leases = std::span<const core::lease_ref* const>;
  /// One statement, if all are renewed; they get one ttl. When it was sent.
  time_point renew(connection& on, leases which, duration ttl, std::span<core::renew_verdict> verdicts, time_point by);
  /// Leaves out those whose rows others keep locked: one such must not keep the others from being renewed.
  time_point renew_unlocked(connection& on, leases which, duration ttl, std::span<core::renew_verdict> verdicts,
                            time_point by);

  resource_view inspect(connection& on, std::string_view name, time_point by);
  resource_page list(connection& on, std::string_view prefix, std::string_view cursor, std::size_t limit,
                     time_point by);
  struct cleaned {
    std::uint64_t forgotten = 0;
    std::string next;  ///< Empty: no names are left.
  };
  /// One batch of clean-up. `from`: nothing, to go on where the last client ended, unless one is at it just now.
  cleaned clean(connection& on, duration margin, int rows, std::optional<std::string_view> from, time_point by);

  [[nodiscard]] const statements& texts() const noexcept { return with_; }

 private:
  struct turn_request {
    sql::turn_verb verb;
    std::string_view name;
    std::optional<core::owner_id> owner;
    duration ttl{};
    std::uint32_t reserve = 0;
    std::optional<std::uint64_t> used;
    std::string_view party;
    core::owner_id client;
  };
  sql::turn_result turn(connection& on, const turn_request& what, time_point by, time_point& sent, told& next);
  result renewed_since(connection& on, leases which, std::int64_t since, time_point by);
  core::turn_answer asked(connection& on, sql::turn_verb verb, const core::owner_id& client, const core::request& what,
                          time_point by, told& next);

  const statements with_;
  sql::clock_watch clock_;
};

}  // namespace holdfast::mysql
