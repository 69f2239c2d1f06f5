// The shipped machines under a simulated clock, network and store: many seeded schedules of what may go wrong, held
// against the promises.
//
//   sim [--schedules N] [--first SEED]     runs N schedules; fails at the first one that breaks a promise
//   sim --seed S                           runs one and prints its history
//   sim --break WHAT ...                   with something around the machines, or the store, broken on purpose
//   sim --list-mutants                     what can be broken in the store
#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <iostream>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "backend.hpp"
#include "world.hpp"

namespace {

using namespace holdfast::sim;

struct arguments {
  std::uint64_t schedules = 20'000;
  std::uint64_t first = 1;
  std::uint64_t seed = 0;
  sabotage broken = sabotage::none;
};

const std::map<std::string_view, sabotage> sabotages{
    {"claim", sabotage::claim_for_anyone}, {"release", sabotage::release_any_owner},
    {"renew", sabotage::renew_any_owner},  {"tokens", sabotage::tokens_fall},
    {"recheck", sabotage::no_recheck},     {"hand-off", sabotage::hand_off_is_held}};

/// Of what stands around the store, or of the store itself.
bool break_part(std::string_view name, arguments& into) {
  if (const auto found = sabotages.find(name); found != sabotages.end()) {
    into.broken = found->second;
    return true;
  }
  const auto& parts = tested().parts;
  if (std::find(parts.begin(), parts.end(), name) == parts.end()) return false;
  tested().break_part(name);
  return true;
}

bool read(int argc, char** argv, arguments& into) {
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name{argv[i]};
    if (name == "--break") {
      if (!break_part(argv[i + 1], into)) return false;
      continue;
    }
    const auto number = std::strtoull(argv[i + 1], nullptr, 10);
    if (name == "--schedules")
      into.schedules = number;
    else if (name == "--first")
      into.first = number;
    else if (name == "--seed")
      into.seed = number;
    else
      return false;
  }
  return argc % 2 == 1;
}

struct failure {
  std::uint64_t seed = 0;
  std::string why;
};

/// Runs them on all processors; keeps the failure with the lowest seed.
failure run_all(const arguments& how, tally& total) {
  std::atomic<std::uint64_t> next{how.first};
  std::mutex mutex;
  failure worst;
  const auto work = [&] {
    tally counts;
    std::uint64_t seed = 0;
    while ((seed = next.fetch_add(1)) < how.first + how.schedules) {
      const auto broken = run_schedule(seed, how.broken, false, counts);
      if (!broken) continue;
      const std::lock_guard lock{mutex};
      if (worst.seed == 0 || seed < worst.seed) worst = {seed, *broken};
      next = how.first + how.schedules;
    }
    const std::lock_guard lock{mutex};
    total.add(counts);
  };
  std::vector<std::jthread> others;
  for (unsigned i = 1; i < std::thread::hardware_concurrency(); ++i) others.emplace_back(work);
  work();
  others.clear();
  return worst;
}

/// Prints how often each fault struck; false if one never did.
bool print(const tally& total) {
  std::cout << total.schedules << " schedules, " << total.turns << " turns, " << total.steps << " events\n";
  bool all = true;
  for (std::size_t i = 0; i < fault_count; ++i) {
    if (!tested().befalls(static_cast<fault>(i))) continue;
    std::cout << "  " << fault_names[i] << ": " << total.of[i] << '\n';
    if (total.of[i] == 0) all = false;
  }
  return all;
}

}  // namespace

int main(int argc, char** argv) {
  arguments how;
  if (argc == 2 && argv[1] == std::string_view{"--list-mutants"}) {
    for (const auto& part : tested().parts) std::cout << part << '\n';
    return 0;
  }
  if (!read(argc, argv, how)) {
    std::cerr << "usage: sim [--schedules N] [--first SEED] [--seed S] [--break WHAT] | --list-mutants\n";
    return 64;
  }
  tally total;
  if (how.seed != 0) {
    const auto why = run_schedule(how.seed, how.broken, true, total);
    if (why) std::cout << "BROKEN in schedule " << how.seed << ":\n" << *why << '\n';
    return why ? 1 : 0;
  }
  const auto worst = run_all(how, total);
  if (worst.seed != 0) {
    std::cout << "BROKEN in schedule " << worst.seed << ":\n"
              << worst.why << "\nits history: --seed " << worst.seed << '\n';
    return 1;
  }
  if (print(total)) return 0;
  std::cout << "a fault that never struck proves nothing\n";
  return 1;
}
