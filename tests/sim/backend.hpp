#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/store.hpp"
#include "faults.hpp"

namespace holdfast::sim {

/// Which of the simulated clients sends a verb, and where its hints go.
using session = std::size_t;
/// Tells a client to look again at `owner`'s request (nil: at all of them).
using hint_sink = std::function<void(session, const core::owner_id& owner)>;

/// What a store has on one resource, as the judge sees it: read from its data, not asked of its verbs.
struct contents {
  struct waiter {
    core::owner_id owner;
    bool in_line = true;  ///< The next release may not pass it over: it lives, and can be told of its turn.
    bool deaf = false;    ///< It can't be told, and finds out by itself.
  };
  core::owner_id holder;  ///< Nil: nobody.
  time_point expires{};   ///< The holder's lease, by the store's clock,
  duration left{};        ///< and how long that is from now.
  bool claimed = true;
  std::vector<waiter> queue;
};

/// Holders that are none of holdfast's have these ids.
inline constexpr std::uint64_t foreign_high = ~std::uint64_t{0};
inline bool is_foreign(const core::owner_id& owner) noexcept { return owner.high() == foreign_high; }

/// The store that the simulated clients reach. Each call is told the time by the server's own clock, which may go back.
class backend {
 public:
  backend() = default;
  backend(const backend&) = delete;
  backend& operator=(const backend&) = delete;
  virtual ~backend() = default;

  virtual core::turn_answer acquire(session from, const core::request& what, bool wait, time_point now) = 0;
  virtual core::turn_answer claim(session from, const core::request& what, time_point now) = 0;
  virtual core::renew_verdict renew(session from, const core::lease_ref& what, time_point now) = 0;
  virtual void heartbeat(session from, std::span<const core::waiter_ref> waiters,
                         std::span<core::wait_verdict> verdicts, time_point now) = 0;
  virtual core::release_answer release(session from, const core::lease_ref& what, time_point now) = 0;
  virtual core::withdraw_answer withdraw(session from, const core::waiter_ref& what, time_point now) = 0;
  virtual void break_lease(std::string_view resource, const core::owner_id& owner, time_point now) = 0;

  [[nodiscard]] virtual contents look(std::string_view resource, time_point now) = 0;
  /// A token that nobody was given.
  [[nodiscard]] virtual std::uint64_t token_for_nothing(time_point now) const = 0;
  /// What of that resource outstays its time when everybody is through; empty if nothing does.
  [[nodiscard]] virtual std::string leftover(std::string_view resource, time_point now) = 0;

  virtual void keep_snapshot() = 0;
  /// Back to the snapshot, as after a restart.
  virtual void restore() = 0;
  /// The client is gone; `noticed` if the server sees its connections end.
  virtual void client_gone(session, bool /*noticed*/) {}

  // What only some stores know.
  /// Whether the verb just carried out was ended at a write, what it had done staying.
  virtual bool cut_short() { return false; }
  virtual void flush() {}                         ///< It forgets everything.
  virtual void evict(std::string_view, rng&) {}   ///< Something beside the lock is dropped.
  virtual void listener(session, bool /*up*/) {}  ///< Whether the client can hear of its turns.
  virtual bool foreign_lock(std::string_view, const core::owner_id&, duration /*ttl*/, time_point) { return false; }
  virtual void foreign_unlock(std::string_view, const core::owner_id&, time_point) {}  ///< Only if it is its own.
  virtual void foreign_delete(std::string_view, time_point) {}                         ///< Whoever has it.
};

/// What a store is opened with.
struct surroundings {
  rng& dice;
  const profile& how;
  std::function<bool(fault)> strikes;  ///< Whether this fault strikes now.
  hint_sink sink;
  std::function<void(const std::function<std::string()>&)>
      tell;  ///< Writes a line of the history, if anybody reads it.
};

/// A store with everything the simulation needs to know of it. Each program is linked with one.
struct site {
  std::string_view name;
  bool (*befalls)(fault);          ///< Which faults it knows.
  void (*adapt)(profile&);         ///< Puts the store's own paces into a schedule.
  duration patience;               ///< How much longer than others a schedule may take.
  std::vector<std::string> parts;  ///< For `--break`: names of mutants of the store itself.
  void (*break_part)(std::string_view);
  std::unique_ptr<backend> (*open)(surroundings with);
};
const site& tested();

}  // namespace holdfast::sim
