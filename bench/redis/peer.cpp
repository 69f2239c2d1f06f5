#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>

#include "holdfast/holdfast.hpp"
#include "machine.hpp"
#include "paired.hpp"
#include "process.hpp"
#include "redis/benches.hpp"
#include "redis/crowd.hpp"

namespace holdfast::bench {

namespace {

/// Brings the peer's modules below the build folder; false where there is no npm or no network.
bool install(const std::filesystem::path& modules) {
  std::filesystem::create_directories(modules);
  std::filesystem::copy_file(std::filesystem::path{HOLDFAST_BENCH_PEER} / "package.json", modules / "package.json",
                             std::filesystem::copy_options::overwrite_existing);
  if (std::filesystem::exists(modules / "node_modules/redlock")) return true;
  try {
    run_to_end({"npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", modules.string()});
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

struct peer_figures {
  double pair_us = 0;
  double turns_per_second = 0;
};

peer_figures ask_peer(const redis_server& server, const std::filesystem::path& modules,
                      const std::filesystem::path& folder) {
  const auto file = folder / "peer.txt";
  const int output = ::open(file.c_str(), O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0600);
  const auto id =
      start({"node", std::string{HOLDFAST_BENCH_PEER} + "/peer.js", std::to_string(server.port()), modules.string()},
            -1, output);
  ::close(output);
  peer_figures got;
  std::ifstream said;
  if (wait_for(id).exit_code != 0 || !(said.open(file), said >> got.pair_us >> got.turns_per_second))
    throw std::runtime_error{"the peer reported nothing"};
  return got;
}

}  // namespace

std::vector<figure> bench_redis_peer(const redis_settings& with) {
  const std::filesystem::path modules{HOLDFAST_BENCH_MODULES};
  if (with.quick || !install(modules)) {
    std::cout << "redis: redlock is left out: it is " << (with.quick ? "not for --quick" : "not to be had from npm")
              << "\n";
    return {};
  }
  const redis_server server{with.folder};
  const auto where = cpus::one_each();
  server.pin(where.server);
  const on_cpu here{where.client};
  paired uncontended;
  paired contended;
  for (int i = 0; i < 3; ++i) {
    const auto peer = ask_peer(server, modules, with.folder);
    constexpr int count = 2000;
    client subject{server.url()};
    mutex lock{subject, "stock/42"};
    lock.lock();
    lock.unlock();
    const double seconds = seconds_of([&] {
      for (int k = 0; k < count; ++k) {
        lock.lock();
        lock.unlock();
      }
    });
    uncontended.add(seconds / count * 1e6, peer.pair_us);
    crowd eight{server, with.folder, 8};
    eight.run(50);
    constexpr std::size_t turns = 2000;
    const auto seen = eight.run(turns);
    contended.add(static_cast<double>(turns) / (static_cast<double>(seen.back().locked - seen.front().locked) / 1e9),
                  peer.turns_per_second);
  }
  auto alone = uncontended.ratios("redis: lock+unlock / redlock's, uncontended", figure::goal_kind::at_most, 1);
  auto crowded = contended.ratios("redis: turns/s, 8 clients / redlock's", figure::goal_kind::at_least, 1);
  char text[160];
  std::snprintf(text, sizeof text, "%.1f us against %.1f us (redlock 5 over ioredis, in node); %s",
                uncontended.subject(), uncontended.floor(), load_text().c_str());
  alone.detail = text;
  std::snprintf(text, sizeof text, "%.0f/s against %.0f/s; ours in 8 processes and in order, the peer's in one process",
                contended.subject(), contended.floor());
  crowded.detail = text;
  return {alone, crowded};
}

}  // namespace holdfast::bench
