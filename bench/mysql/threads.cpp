#include <cstdio>
#include <memory>
#include <string>
#include <thread>

#include "bare.hpp"
#include "benches.hpp"
#include "holdfast/holdfast.hpp"
#include "machine.hpp"
#include "paired.hpp"

namespace holdfast::bench::mysql {
namespace {

constexpr int threads = 16;

/// All threads do `body(number)` so often; the seconds until the last is done.
template <class Body>
void in_threads(int times, Body&& body) {
  std::vector<std::thread> all;
  for (int t = 0; t < threads; ++t)
    all.emplace_back([&body, t, times] {
      for (int i = 0; i < times; ++i) body(static_cast<std::size_t>(t));
    });
  for (auto& each : all) each.join();
}

}  // namespace

std::vector<figure> bench_threads(const settings& with) {
  const int rounds = with.quick ? 2 : 15;
  const int batch = with.quick ? 10 : 150;
  testing::mariadb_server server{server_on(-1)};
  client subject{server.url("hf_threads")};
  std::vector<std::unique_ptr<bare>> floors;
  std::vector<std::unique_ptr<mutex>> locks;
  for (int t = 0; t < threads; ++t) {
    const auto name = "stock/" + std::to_string(t);
    floors.push_back(std::make_unique<bare>(server, "hf_threads", name));
    locks.push_back(std::make_unique<mutex>(subject, name));
  }
  const auto measured = interleave(
      rounds,
      [&] {
        in_threads(batch, [&](std::size_t t) {
          locks[t]->lock();
          locks[t]->unlock();
        });
      },
      [&] { in_threads(batch, [&](std::size_t t) { floors[t]->take_and_free(); }); });
  // In time the subject may take 1 / 0.8 of what the floor does.
  auto row = measured.ratios("MySQL: 16 threads, time / the floor's (0.8 of its throughput)",
                             figure::goal_kind::at_most, 1 / 0.8);
  char text[160];
  std::snprintf(text, sizeof text, "%.0f locks/s against %.0f/s; %d pairs; %s", threads * batch / measured.subject(),
                threads * batch / measured.floor(), rounds, load_text().c_str());
  row.detail = text;
  return {row};
}

}  // namespace holdfast::bench::mysql
