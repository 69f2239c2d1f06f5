#include "faults.hpp"

#include <chrono>

#include "backend.hpp"

namespace holdfast::sim {

namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

/// How often each thing goes wrong in a schedule that has it: of a thousand cases.
constexpr unsigned usual_odds(fault what) {
  switch (what) {
    case fault::request_lost:
    case fault::answer_lost:
    case fault::connection_cut:
    case fault::refused:
      return 60;
    case fault::request_late:
    case fault::request_repeated:
      return 80;
    case fault::script_cut:
    case fault::out_of_memory:
      return 40;
    case fault::client_crash:
    case fault::store_forgets:
    case fault::clock_forward:
    case fault::clock_back:
    case fault::store_pause:
    case fault::flushed:
    case fault::evicted:
    case fault::listener_cut:
    case fault::foreign_lock:
    case fault::foreign_blunder:
      return 700;  // Once a schedule at most, or so.
    case fault::hint_lost:
    case fault::hint_late:
      return 400;
    case fault::clock_drift:
      return 1000;
    default:
      return 200;
  }
}

}  // namespace

profile profile::draw(rng& dice) {
  profile made;
  // A schedule in eight is all well; the others have a few kinds of fault each, now and then very many.
  const unsigned share = dice.chance(125) ? 0 : static_cast<unsigned>(dice.between(30, 500));
  for (std::size_t i = 0; i < fault_count; ++i) {
    if (!tested().befalls(static_cast<fault>(i)) || !dice.chance(share)) continue;
    const unsigned usual = usual_odds(static_cast<fault>(i));
    made.odds[i] = dice.chance(150) ? usual * 3 : usual;
  }
  // A token may fall where the store forgets it and its clock stands earlier than when it was given: no store does better.
  if (made.odds_of(fault::clock_back) > 0)
    for (const auto forgets : {fault::store_forgets, fault::flushed, fault::evicted})
      made.odds[static_cast<std::size_t>(forgets)] = 0;
  // A store that forgets that a lease was broken has it again, with its old token, for a request that still asks for it.
  if (made.odds_of(fault::store_forgets) > 0) made.odds[static_cast<std::size_t>(fault::lease_broken)] = 0;
  if (made.odds_of(fault::clock_drift) > 0) made.drift = static_cast<double>(dice.between(-990, 990)) / 100'000.0;
  made.command_timeout = dice.between(milliseconds{60}, milliseconds{400});
  made.claim_window = dice.between(milliseconds{500}, milliseconds{2000});
  made.heartbeat_every = made.claim_window / 4;
  made.stale_after = made.claim_window;
  made.shortest_delay = dice.between(microseconds{20}, microseconds{500});
  made.longest_delay = made.shortest_delay + dice.between(microseconds{10}, microseconds{20'000});
  made.faults_end = dice.between(milliseconds{300}, milliseconds{4000});
  tested().adapt(made);
  return made;
}

}  // namespace holdfast::sim
