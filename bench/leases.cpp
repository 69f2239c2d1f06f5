#include <algorithm>
#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "benches.hpp"
#include "holdfast/holdfast.hpp"
#include "machine.hpp"
#include "paired.hpp"

namespace holdfast::bench {

std::vector<figure> bench_leases(const settings& with) {
  const std::size_t count = with.quick ? 500 : 100'000;
  const int windows = with.quick ? 1 : 4;
  const auto window = std::chrono::milliseconds{with.quick ? 1'200 : 10'000};  // A full one renews every lease once.
  const lock_options options{.ttl = with.quick ? std::chrono::seconds{3} : std::chrono::seconds{30}};
  client keeping{"sqlite:" + (with.folder / "leases.db").string()};
  std::vector<held_lock> held;
  held.reserve(count);
  // One first, so that threads and the open database are not counted.
  const auto warm = keeping.acquire("stock/0", options);
  const auto before = resident_bytes();
  const double taking = seconds_of([&] {
    char name[64];
    for (std::size_t i = 0; i < count; ++i) {
      std::snprintf(name, sizeof name, "stock/%06zu", i);
      held.push_back(keeping.acquire(name, options));
    }
  });
  // Every lease's first renewal is over then, and what it left in memory is counted.
  std::this_thread::sleep_for(window);
  const auto after = resident_bytes();
  std::vector<double> shares;
  double watching = thread_seconds("hf-watchdog");
  double watch_elapsed = 0;
  for (int i = 0; i < windows; ++i) {
    const double start = thread_seconds("hf-keeper");
    const double elapsed = seconds_of([&] { std::this_thread::sleep_for(window); });
    shares.push_back((thread_seconds("hf-keeper") - start) / elapsed * 100);
    watch_elapsed += elapsed;
  }
  watching = (thread_seconds("hf-watchdog") - watching) / watch_elapsed * 100;
  std::size_t lost = 0;
  for (const auto& each : held)
    if (!each.lease().held()) ++lost;
  if (lost != 0) throw std::runtime_error{std::to_string(lost) + " leases were lost meanwhile"};

  figure share{.name = "keeper's share of a core", .unit = "%", .goal = 10};
  share.median = median_of(shares);
  share.least = *std::min_element(shares.begin(), shares.end());
  share.most = *std::max_element(shares.begin(), shares.end());
  char text[200];
  std::snprintf(text, sizeof text, "%zu leases of %lld s in one client, %d windows of %.1f s; watchdog %.3f %%; %s",
                count, static_cast<long long>(std::chrono::duration_cast<std::chrono::seconds>(options.ttl).count()),
                windows, std::chrono::duration<double>(window).count(), watching, load_text().c_str());
  share.detail = text;
  figure bytes{.name = "bytes for each lease", .unit = "B", .goal = 600};
  bytes.median = bytes.least = bytes.most = static_cast<double>(after - before) / static_cast<double>(count);
  std::snprintf(text, sizeof text, "resident memory rose by %.1f MiB; taking them took %.2f s",
                static_cast<double>(after - before) / 1048576, taking);
  bytes.detail = text;
  return {share, bytes};
}

}  // namespace holdfast::bench
