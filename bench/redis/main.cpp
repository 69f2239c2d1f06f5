#include <exception>
#include <iostream>
#include <string>

#include "program.hpp"
#include "redis/benches.hpp"
#include "redis/crowd.hpp"

namespace {

using namespace holdfast::bench;

/// The other half of the hand-off's bench, for processes of their own.
int crowd_main(char** words) {
  try {
    return be_crowd(words[0], words[1], std::stoul(words[2]), std::stoul(words[3]));
  } catch (const std::exception& why) {
    std::cerr << "holdfast_bench_redis crowd: " << why.what() << "\n";
    return 1;
  }
}

auto by(std::vector<figure> (*run)(const redis_settings&)) {
  return [run](const bench_options& with) { return run({.quick = with.quick, .folder = with.folder}); };
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 6 && std::string{argv[1]} == "crowd") return crowd_main(argv + 2);
  return run_benches("Measures the store for Redis beside bare clients that send the same scripts.",
                     {{"pair", "lock+unlock / a bare client that sends the same scripts", by(bench_redis_pair)},
                      {"threads", "64 threads through one client / 64 bare connections; memory of waiting threads",
                       by(bench_redis_threads)},
                      {"hand-off", "from unlock in one process to the lock in another; commands for each; fairness",
                       by(bench_redis_hand_off)},
                      {"idle", "what waiting clients send", by(bench_redis_idle)},
                      {"leases", "100,000 held leases: the keeper's share of a core, the server's longest command",
                       by(bench_redis_leases)},
                      {"peer", "npm's redlock over ioredis (installs it below the build folder; not with --quick)",
                       by(bench_redis_peer)}},
                     argc, argv);
}
