#include <hiredis/hiredis.h>

#include <atomic>
#include <chrono>
#include <string_view>
#include <thread>

#include "paired.hpp"
#include "redis/bare.hpp"
#include "redis/benches.hpp"
#include "redis/crowd.hpp"

namespace holdfast::bench {

std::vector<figure> bench_redis_idle(const redis_settings& with) {
  const std::size_t clients = with.quick ? 4 : 32;
  // Twenty heartbeats, so that where the window begins and ends does not matter.
  const auto span = std::chrono::milliseconds{with.quick ? 500 : 16'000};
  const redis_server server{with.folder};
  const crowd waiting{server, with.folder, clients};
  bare watcher{server, bare::over::unix_socket};
  watcher.command({"MONITOR"});
  std::atomic<std::size_t> commands{0};
  std::atomic<bool> over{false};
  std::jthread counting{[&] {
    while (!over) {
      const auto line = watcher.next(1);
      if (!line) return;
      if (std::string_view{line->str}.find(" lua] ") == std::string_view::npos) ++commands;
    }
  }};
  // The first heartbeat of a client makes the connection that it goes over: that is not what waiting costs.
  std::this_thread::sleep_for(std::chrono::seconds{2});
  const auto before = commands.load();
  const double seconds = seconds_of([&] { std::this_thread::sleep_for(span); });
  const auto sent = commands.load() - before;
  over = true;
  figure row{.name = "redis: commands/s of each waiting client", .unit = "/s", .goal = 1.3};
  row.median = row.least = row.most = static_cast<double>(sent) / seconds / static_cast<double>(clients);
  row.detail = "by MONITOR, while " + std::to_string(clients) + " clients wait for one lock and nobody lets it go";
  return {row};
}

}  // namespace holdfast::bench
