// The shipped pipeline of the connection to Redis under seeded schedules: callers that come and give up, replies that are
// late or torn, connections that are cut, a server that hangs.
//
//   sim_redis [--schedules N] [--first SEED]     runs N schedules; fails at the first one that breaks a promise
//   sim_redis --seed S                           runs one and prints its history
#include <cstdlib>
#include <iostream>
#include <string_view>

#include "redis/pipeline_world.hpp"

int main(int argc, char** argv) {
  using namespace holdfast::sim;
  std::uint64_t schedules = 20'000;
  std::uint64_t first = 1;
  std::uint64_t seed = 0;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name{argv[i]};
    auto* const to = name == "--schedules" ? &schedules
                     : name == "--first"   ? &first
                     : name == "--seed"    ? &seed
                                           : nullptr;
    if (to == nullptr) {
      std::cerr << "usage: sim_redis [--schedules N] [--first SEED] [--seed S]\n";
      return 64;
    }
    *to = std::strtoull(argv[i + 1], nullptr, 10);
  }
  pipeline_tally counts;
  if (seed != 0) {
    const auto why = run_pipeline_schedule(seed, true, counts);
    if (why) std::cout << "BROKEN in schedule " << seed << ":\n" << *why << '\n';
    return why ? 1 : 0;
  }
  for (seed = first; seed < first + schedules; ++seed) {
    if (const auto why = run_pipeline_schedule(seed, false, counts)) {
      std::cout << "BROKEN in schedule " << seed << ":\n" << *why << "\nits history: sim_redis --seed " << seed << '\n';
      return 1;
    }
  }
  std::cout << schedules << " schedules, " << counts.calls << " calls, " << counts.replied << " replied\n";
  bool all = true;
  for (std::size_t i = 0; i < mishap_names.size(); ++i) {
    std::cout << "  " << mishap_names[i] << ": " << counts.of[i] << '\n';
    all = all && counts.of[i] > 0;
  }
  if (!all) std::cout << "a fault that never struck proves nothing\n";
  return all ? 0 : 1;
}
