#include <hiredis/hiredis.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "holdfast/holdfast.hpp"
#include "machine.hpp"
#include "paired.hpp"
#include "redis/bare.hpp"
#include "redis/benches.hpp"

namespace holdfast::bench {

namespace {

/// Milliseconds of the longest command that the server noted since SLOWLOG RESET.
double longest_command(bare& with) {
  const auto log = with.command({"SLOWLOG", "GET", "1000"});
  long long longest = 0;
  for (std::size_t i = 0; i < log->elements; ++i) longest = std::max(longest, log->element[i]->element[2]->integer);
  return static_cast<double>(longest) / 1000;
}

}  // namespace

std::vector<figure> bench_redis_leases(const redis_settings& with) {
  const std::size_t count = with.quick ? 500 : 100'000;
  const int windows = with.quick ? 1 : 3;
  const auto window = std::chrono::milliseconds{with.quick ? 1'200 : 10'000};  // A full one renews every lease once.
  const lock_options options{.ttl = with.quick ? std::chrono::seconds{3} : std::chrono::seconds{30}};
  const redis_server server{with.folder};
  bare asking{server, bare::over::unix_socket};
  asking.command({"CONFIG", "SET", "slowlog-log-slower-than", "300"});
  asking.command({"CONFIG", "SET", "slowlog-max-len", "1000"});
  client keeping{server.url()};
  std::vector<held_lock> held;
  held.reserve(count);
  const double taking = seconds_of([&] {
    char name[64];
    for (std::size_t i = 0; i < count; ++i) {
      std::snprintf(name, sizeof name, "stock/%06zu", i);
      held.push_back(keeping.acquire(name, options));
    }
  });
  std::this_thread::sleep_for(window);
  asking.command({"SLOWLOG", "RESET"});
  std::vector<double> shares;
  for (int i = 0; i < windows; ++i) {
    const double start = thread_seconds("hf-keeper");
    const double elapsed = seconds_of([&] { std::this_thread::sleep_for(window); });
    shares.push_back((thread_seconds("hf-keeper") - start) / elapsed * 100);
  }
  const double stall = longest_command(asking);
  std::size_t lost = 0;
  for (const auto& each : held)
    if (!each.lease().held()) ++lost;
  if (lost != 0) throw std::runtime_error{std::to_string(lost) + " leases were lost meanwhile"};

  figure share{.name = "redis: keeper's share of a core", .unit = "%", .goal = 10};
  share.median = median_of(shares);
  share.least = *std::min_element(shares.begin(), shares.end());
  share.most = *std::max_element(shares.begin(), shares.end());
  char text[200];
  std::snprintf(text, sizeof text,
                "%zu leases of %lld s in one client, %d windows of %.1f s; taking them took %.1f s; %s", count,
                static_cast<long long>(std::chrono::duration_cast<std::chrono::seconds>(options.ttl).count()), windows,
                std::chrono::duration<double>(window).count(), taking, load_text().c_str());
  share.detail = text;
  figure longest{.name = "redis: server's longest command meanwhile", .unit = "ms", .goal = 2};
  longest.median = longest.least = longest.most = stall;
  longest.detail = "by SLOWLOG: how long a renewal of a batch keeps everybody else waiting";
  return {share, longest};
}

}  // namespace holdfast::bench
