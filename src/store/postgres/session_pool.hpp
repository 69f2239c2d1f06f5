#pragma once

#include "core/store.hpp"
#include "store/postgres/connection.hpp"
#include "store/postgres/lost_sessions.hpp"
#include "store/postgres/options.hpp"
#include "store/sql/pool.hpp"

namespace holdfast::postgres {

/// The connections of a store whose locks are advisory: those that lock, one for each lock, and those that ask about them.
/// Both are with the server itself and with the primary. Throws `failure`. Thread-safe.
class session_pool {
 public:
  using loan = sql::pool<connection>::loan;

  session_pool(options with, const core::store_options& how);

  /// A session that will lock.
  loan take(time_point by);
  /// Asks on a connection that locks nothing. Such a question may be asked twice.
  reply ask(std::string_view text, const parameters& with, time_point by);
  /// Ends sessions that may still do what they were asked for by this owner; whether all are gone.
  bool end_lost(const core::owner_id& owner, time_point by);
  /// What that owner asked of `on` may still be carried out.
  void lose(const core::owner_id& owner, const connection& on, duration ttl);
  [[nodiscard]] bool lost(const core::owner_id& owner) { return !losses_.none() && !losses_.of(owner).empty(); }

  [[nodiscard]] const options& with() const noexcept { return options_; }

 private:
  std::unique_ptr<connection> connect(time_point by);
  std::unique_ptr<connection> connect_to_lock(time_point by);
  loan take_from(sql::pool<connection>& from, time_point by);

  const options options_;
  const duration command_timeout_;
  const duration connect_timeout_;
  lost_sessions losses_;
  sql::pool<connection> lockers_;
  sql::pool<connection> askers_;
};

}  // namespace holdfast::postgres
