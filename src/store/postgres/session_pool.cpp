#include "store/postgres/session_pool.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "store/postgres/session_statements.hpp"

namespace holdfast::postgres {
namespace {

constexpr std::size_t most_askers = 2;
/// The first that ends idle sessions after a time that one asks for.
constexpr int oldest_server = 140000;

}  // namespace

session_pool::session_pool(options with, const core::store_options& how)
    : options_{std::move(with)},
      command_timeout_{how.command_timeout},
      connect_timeout_{how.connect_timeout},
      lockers_{options_.pool, [this](time_point by) { return connect_to_lock(by); }},
      askers_{most_askers, [this](time_point by) { return connect(by); }} {}

std::unique_ptr<connection> session_pool::connect(time_point by) {
  auto made =
      std::make_unique<connection>(options_, command_timeout_, std::min(by, boot_clock::now() + connect_timeout_));
  const auto refuse = [&](const std::string& why) {
    throw failure{{errc::misconfigured, options_.shown + ": " + why}, failure::remedy::reconnect};
  };
  if (made->pooled())
    refuse(
        "a connection pooler (PgBouncer, say) stands before the server: it may run each statement in another session, "
        "which would free or share lock=session's locks. Connect to the server itself, or use lock=lease");
  if (made->server_version() < oldest_server)
    refuse(
        "lock=session needs PostgreSQL 14, which ends the session of a holder that is silent for its ttl. Use "
        "lock=lease");
  return made;
}

std::unique_ptr<connection> session_pool::connect_to_lock(time_point by) {
  auto made = connect(by);
  made->start(std::string{session_text::settle}, parameters{}, by);
  const auto settled = made->answer(by);
  if (!settled) throw lost_answer("no answer in time", options_.shown);
  if (settled->boolean(0, 0))
    throw failure{
        {errc::misconfigured, options_.shown + ": this server is a replica, whose advisory locks are its own: name all "
                                               "servers in the URL, so that the primary is found"},
        failure::remedy::reconnect};
  return made;
}

session_pool::loan session_pool::take_from(sql::pool<connection>& from, time_point by) {
  while (true) {
    auto lent = from.take(by);
    if (!lent)
      throw failure{
          {errc::unavailable, options_.shown + ": all " + std::to_string(options_.pool) +
                                  " connections hold a lock or wait for one, one each; pool=N in the URL allows more"}};
    if (lent->usable()) return lent;
    lent.drop();
    from.drop_idle();
  }
}

session_pool::loan session_pool::take(time_point by) { return take_from(lockers_, by); }

reply session_pool::ask(std::string_view text, const parameters& with, time_point by) {
  for (bool again = false;; again = true) {
    auto on = take_from(askers_, by);
    try {
      on->start(std::string{text}, with, by);
      if (auto found = on->answer(by)) return std::move(*found);
      throw lost_answer("no answer in time", options_.shown);
    } catch (const failure& why) {
      if (why.mend != failure::remedy::reconnect) throw;
      on.drop();
      if (again || boot_clock::now() >= by) throw;
    }
  }
}

bool session_pool::end_lost(const core::owner_id& owner, time_point by) {
  if (!lost(owner)) return true;
  bool all_gone = true;
  for (const auto& session : losses_.of(owner)) {
    auto on = take_from(askers_, by);
    // On a server that is not the one we talk to now, nobody can tell.
    if (session.server != on->served_by().server) {
      all_gone = false;
      continue;
    }
    parameters with;
    with.number(session.process).number(session.since_us);
    try {
      on->start(std::string{end_session_text}, with, by);
      const auto ended = on->answer(by);
      if (!ended) throw lost_answer("no answer in time", options_.shown);
      all_gone = all_gone && ended->boolean(0, 0);
    } catch (const failure& why) {
      if (why.mend == failure::remedy::reconnect) on.drop();
      throw;
    }
  }
  if (all_gone) losses_.forget(owner);
  return all_gone;
}

void session_pool::lose(const core::owner_id& owner, const connection& on, duration ttl) {
  losses_.add(owner, on, boot_clock::now() + std::min<duration>(ttl, std::chrono::hours{1}) + 2 * command_timeout_);
}

}  // namespace holdfast::postgres
