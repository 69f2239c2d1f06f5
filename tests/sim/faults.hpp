#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "holdfast/clock.hpp"
#include "rng.hpp"

namespace holdfast::sim {

/// What may go wrong or happen out of turn. A run counts each; one that never occurred fails the run.
enum class fault : std::uint8_t {
  request_lost,
  request_late,      ///< Arrives when its sender no longer waits for it.
  request_repeated,  ///< Arrives twice, the second time perhaps much later.
  answer_lost,
  connection_cut,  ///< The sender knows at once that it will not have the answer.
  refused,         ///< Not sent at all, and the sender knows.
  client_crash,
  client_pause,
  store_pause,
  store_forgets,  ///< Restarts as it was some time ago.
  clock_drift,
  clock_forward,
  clock_back,  ///< It stands still until it has caught up.
  hint_lost,
  hint_repeated,
  hint_late,
  hint_for_nothing,
  gave_up,  ///< A thread stopped waiting.
  tried,    ///< A thread did not want to wait.
  refresh_shorter,
  refresh_longer,
  refresh_unknown,  ///< A refresh whose answer was lost.
  lease_broken,     ///< By an operator.
  unsure_withdraw,  ///< The store could not rule out that an old acquire still arrives.
  late_grant,       ///< A grant that came too late to be used.
  turn_passed,      ///< Within a client, by its gate.
  lease_lost,       ///< A deadline passed in the middle of a turn.
  // What befalls Redis only.
  first_of_redis,
  script_cut = first_of_redis,  ///< A script ends at one of its writes; what it had done stays.
  out_of_memory,                ///< The server takes no more data.
  flushed,                      ///< The server forgets everything.
  evicted,                      ///< The server drops a key beside the lock.
  listener_cut,                 ///< A client does not hear of its turns for a while, and the server knows.
  foreign_lock,                 ///< A client of the common protocol takes the resource,
  foreign_freed,                ///< and gives it back by a compare-and-delete,
  foreign_deleted,              ///< or deletes its key,
  foreign_vanished,             ///< or lets it run out.
  foreign_blunder,              ///< It deletes what is not its own.
  count
};

inline constexpr std::size_t fault_count = static_cast<std::size_t>(fault::count);

inline constexpr std::array<std::string_view, fault_count> fault_names{
    "request lost",   "request late",    "request repeated", "answer lost",     "connection cut",   "refused",
    "client crash",   "client pause",    "store pause",      "store forgets",   "clock drift",      "clock forward",
    "clock back",     "hint lost",       "hint repeated",    "hint late",       "hint for nothing", "gave up",
    "tried",          "refresh shorter", "refresh longer",   "refresh unknown", "lease broken",     "unsure withdraw",
    "late grant",     "turn passed",     "lease lost",       "script cut",      "out of memory",    "flushed",
    "evicted",        "listener cut",    "foreign lock",     "foreign freed",   "foreign deleted",  "foreign vanished",
    "foreign blunder"};

struct tally {
  std::array<std::uint64_t, fault_count> of{};
  std::uint64_t schedules = 0;
  std::uint64_t steps = 0;
  std::uint64_t turns = 0;

  void add(const tally& other) {
    for (std::size_t i = 0; i < fault_count; ++i) of[i] += other.of[i];
    schedules += other.schedules;
    steps += other.steps;
    turns += other.turns;
  }
};

/// What one schedule has in store: how often each thing goes wrong (of a thousand cases), and the paces.
struct profile {
  std::array<unsigned, fault_count> odds{};
  double drift = 0;  ///< How much faster the store's clock runs than the clients'.
  duration command_timeout{};
  duration claim_window{};
  duration heartbeat_every{};
  duration stale_after{};
  duration shortest_delay{};
  duration longest_delay{};
  duration faults_end{};  ///< From then on all goes well.

  [[nodiscard]] unsigned odds_of(fault what) const noexcept { return odds[static_cast<std::size_t>(what)]; }
  static profile draw(rng& dice);
};

/// Parts of what stands around the machines, broken on purpose: the simulation has to notice.
enum class sabotage : std::uint8_t {
  none,
  claim_for_anyone,   ///< The store lets everybody in the queue claim.
  release_any_owner,  ///< The store frees the resource whoever held it.
  renew_any_owner,    ///< The store confirms every renewal.
  tokens_fall,        ///< The store counts its tokens, and forgets the count with the rest.
  no_recheck,         ///< The driver loses hints between two steps, and neither heartbeats nor timers look again.
  hand_off_is_held,   ///< The driver takes a hint for the lease.
};

}  // namespace holdfast::sim
