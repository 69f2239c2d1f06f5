#include "store/postgres/engine.hpp"

#include <algorithm>
#include <utility>

#include "store/postgres/schema.hpp"

namespace holdfast::postgres {
namespace {

/// A statement that lost against another's locks is sent so often; they don't last.
constexpr int most_tries = 10;

/// So many connections stay, however seldom they are used; the others are closed when nobody has needed them for long.
constexpr std::size_t kept_connections = 4;
constexpr duration spare_after = std::chrono::seconds{5};

/// How long a server that had no room for one more connection is not asked again.
constexpr duration crowded_for = std::chrono::seconds{1};

// Two that make the tables at once would fail each other.
constexpr std::string_view making_lock = "SELECT pg_advisory_xact_lock(1752132708, 0);";

}  // namespace

engine::engine(options with, const core::store_options& how)
    : options_{std::move(with)},
      statements_{options_.table},
      command_timeout_{how.command_timeout},
      connect_timeout_{how.connect_timeout},
      warn_{how.warn},
      pool_{options_.pool, [this](time_point by) { return connect(by); }, kept_connections, spare_after} {}

std::unique_ptr<connection> engine::connect(time_point by) {
  const auto sent = boot_clock::now();
  auto made = std::make_unique<connection>(options_, command_timeout_, std::min(by, sent + connect_timeout_));
  clock_.saw(made->began_us(), made->sent(), boot_clock::now());
  if (made->pooled()) {
    pooled_ = true;
    if (warn_ && !warned_.exchange(true))
      warn_({errc::misconfigured, options_.shown +
                                      ": a connection pooler (PgBouncer, say) stands before the server: waiters "
                                      "look by a timer instead of being told of their turn. Connect to the "
                                      "server itself if you can"});
  }
  return made;
}

/// A server without room for another connection is no failure where this client has some.
sql::pool<connection>::loan engine::lend(time_point by, std::size_t beyond) {
  if (crowded_.load(std::memory_order_relaxed) && beyond == 0) {
    if (boot_clock::now() - crowded_at_.load(std::memory_order_relaxed) > crowded_for)
      crowded_ = false;
    else if (auto lent = pool_.take_made(by))
      return lent;
  }
  try {
    return pool_.take(by, beyond);
  } catch (const failure& why) {
    if (why.mend != failure::remedy::use_another) throw;
    crowded_at_ = boot_clock::now();
    crowded_ = true;
    if (auto lent = pool_.take_made(by)) return lent;
    throw;
  }
}

sql::pool<connection>::loan engine::take(time_point by, std::size_t beyond) {
  while (true) {
    auto lent = lend(by, beyond);
    if (!lent)
      throw failure{{errc::unavailable, options_.shown + ": all " + std::to_string(options_.pool) +
                                            " connections are in use; pool=N in the URL allows more"}};
    if (lent->usable()) return lent;
    lent.drop();
    pool_.drop_idle();
  }
}

engine::answer engine::ask_on(const statement& what, const parameters& with, time_point by, on_loss then,
                              const core::request* acquires, std::size_t beyond) {
  bool made_tables = false;
  bool asked_again = false;
  for (int tries = 1;; ++tries) {
    auto on = take(by, beyond);
    try {
      auto rows = on->run(what, with, by);
      return {std::move(rows), on->sent(), boot_clock::now()};
    } catch (const failure& why) {
      const bool time_left = boot_clock::now() < by;
      switch (why.mend) {
        case failure::remedy::again:
          if (time_left && tries < most_tries) continue;
          throw;
        case failure::remedy::make_tables:
          if (made_tables) throw;
          made_tables = true;
          make_tables(*on, by);
          continue;
        case failure::remedy::reconnect:
          if (why.unknown && acquires != nullptr)
            losses_.add(
                acquires->owner, *on,
                boot_clock::now() + std::min<duration>(acquires->ttl, std::chrono::hours{1}) + 2 * command_timeout_);
          on.drop();
          pool_.drop_idle();
          if (then == on_loss::give_up || !time_left || std::exchange(asked_again, true)) throw;
          continue;
        case failure::remedy::use_another:
        case failure::remedy::none:
          throw;
      }
    } catch (...) {  // Whoever has it next must not read what is left of this answer.
      on.drop();
      throw;
    }
  }
}

void engine::on_connection(time_point by, const std::function<void(connection&)>& body) {
  auto on = take(by);
  try {
    try {
      body(*on);
    } catch (const failure& why) {
      if (why.mend != failure::remedy::make_tables) throw;
      make_tables(*on, by);
      body(*on);
    }
  } catch (const failure& why) {
    if (why.mend == failure::remedy::reconnect) on.drop();
    throw;
  }
}

void engine::make_tables(connection& on, time_point by) {
  const std::lock_guard lock{making_};
  try {
    on.run_script(std::string{making_lock} + schema_script(options_.table), by);
  } catch (failure& why) {
    // What is half done is rolled back with the rest.
    if (why.mend == failure::remedy::make_tables) why.mend = failure::remedy::none;
    throw;
  }
}

void engine::add_bounds(parameters& to) const {
  const auto now = clock_.bounds(boot_clock::now());
  to.number(now.latest).number(now.patience).number(now.stepped);
}

}  // namespace holdfast::postgres
