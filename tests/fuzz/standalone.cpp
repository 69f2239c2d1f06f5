// Runs a harness over mutations of its corpus, from a seed:
//   fuzz_NAME_short [--seconds S] [--first SEED]     many inputs, one a seed; the one under test is printed if it breaks
//   fuzz_NAME_short --seed S                         one input
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "fuzz/harness.hpp"
#include "sim/rng.hpp"

namespace {

using holdfast::sim::rng;

std::uint64_t under_test = 0;

extern "C" void tell_seed(int number) {
  char text[80];
  const int size =
      std::snprintf(text, sizeof text, "\nbroken by --seed %llu\n", static_cast<unsigned long long>(under_test));
  static_cast<void>(!::write(2, text, static_cast<std::size_t>(size)));
  std::signal(number, SIG_DFL);
  std::raise(number);
}

std::string_view one_of(const std::vector<std::string_view>& all, rng& dice) { return all[dice.below(all.size())]; }

void mutate(std::string& text, rng& dice) {
  using holdfast::fuzz::corpus;
  using holdfast::fuzz::words;
  const auto at = dice.below(text.size() + 1);
  switch (dice.below(7)) {
    case 0:
      text.insert(at, one_of(words(), dice));
      break;
    case 1:
      text.insert(at, 1, static_cast<char>(dice.next()));
      break;
    case 2:
      if (at < text.size()) text[at] = static_cast<char>(dice.next());
      break;
    case 3:
      text.erase(at, dice.below(9));
      break;
    case 4:
      text.resize(at);
      break;
    case 5:
      text.insert(at, std::string{text.substr(at / 2, dice.below(64))});
      break;
    default:
      text.append(one_of(corpus(), dice));
  }
}

void run(std::uint64_t seed) {
  under_test = seed;
  rng dice{seed};
  std::string text{one_of(holdfast::fuzz::corpus(), dice)};
  for (auto steps = dice.below(12); steps > 0; --steps) mutate(text, dice);
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
}

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t seed = 0;
  std::uint64_t first = 1;
  std::uint64_t seconds = 8;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name{argv[i]};
    auto* const to = name == "--seed" ? &seed : name == "--first" ? &first : name == "--seconds" ? &seconds : nullptr;
    if (to == nullptr) return 64;
    *to = std::strtoull(argv[i + 1], nullptr, 10);
  }
  std::signal(SIGABRT, tell_seed);
  std::signal(SIGSEGV, tell_seed);
  if (seed != 0) {
    run(seed);
    return 0;
  }
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{seconds};
  std::uint64_t next = first;
  while (std::chrono::steady_clock::now() < until)
    for (int i = 0; i < 50; ++i) run(next++);
  std::printf("%llu inputs, seeds %llu to %llu\n", static_cast<unsigned long long>(next - first),
              static_cast<unsigned long long>(first), static_cast<unsigned long long>(next - 1));
  return next > first + 1000 ? 0 : 1;
}
