#include <hiredis/hiredis.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "core/owner_id.hpp"
#include "machine.hpp"
#include "paired.hpp"
#include "redis/bare.hpp"
#include "redis/benches.hpp"
#include "redis/crowd.hpp"

namespace holdfast::bench {

namespace {

double part_of(std::vector<double> values, double part) {
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(part * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

/// The least there is to a hand-off: one connection releases, another hears of it on its channel and claims. Seconds of
/// each.
std::vector<double> bare_hand_offs(const redis_server& server, int count) {
  const std::string where = core::owner_id::random().hex();
  const std::string name = "floor";
  bare holder{server, bare::over::tcp};
  bare claimer{server, bare::over::tcp};
  bare hearing{server, bare::over::tcp};
  hearing.command({"SUBSCRIBE", "holdfast:" + where});
  std::vector<double> seconds;
  std::string owner = core::owner_id::random().hex();
  std::string token = holder.acquire(name, owner, true, where);
  for (int i = 0; i < count; ++i) {
    const std::string next = core::owner_id::random().hex();
    holder.acquire(name, next, true, where);
    std::string next_token;
    std::chrono::steady_clock::time_point claimed;
    std::atomic<bool> hears{false};
    std::thread waiter{[&] {
      hears = true;
      if (hearing.next(10)) next_token = claimer.claim(name, next);
      claimed = std::chrono::steady_clock::now();
    }};
    while (!hears) std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::microseconds{200});  // Until it sleeps in its read.
    const auto begin = std::chrono::steady_clock::now();
    holder.release(name, owner, token);
    waiter.join();
    if (next_token.size() != 16) throw std::runtime_error{"the bare hand-off did not arrive"};
    seconds.push_back(std::chrono::duration<double>(claimed - begin).count());
    owner = next;
    token = next_token;
  }
  holder.release(name, owner, token);
  return seconds;
}

struct seen {
  double median = 0;
  double late = 0;
  std::vector<crowd::turn> turns;
};

seen watch(const redis_settings& with, const redis_server& server, std::size_t clients, std::size_t turns) {
  crowd all{server, with.folder, clients};
  all.run(clients + 10);
  seen result;
  result.turns = all.run(turns);
  const auto seconds = hand_offs(result.turns);
  result.median = part_of(seconds, 0.5);
  result.late = part_of(seconds, 0.99);
  return result;
}

figure fairness_of(const std::vector<crowd::turn>& turns, std::size_t clients) {
  std::map<std::uint32_t, double> count;
  for (std::uint32_t i = 0; i < clients; ++i) count[i] = 0;
  for (const auto& each : turns) ++count[each.client];
  const auto less = [](const auto& a, const auto& b) { return a.second < b.second; };
  const auto [least, most] = std::minmax_element(count.begin(), count.end(), less);
  figure row{.name = "redis: most turns / fewest, 32 clients", .unit = "x", .goal = 1.1};
  row.median = row.least = row.most = most->second / std::max(least->second, 0.5);
  char text[100];
  std::snprintf(text, sizeof text, "%.0f and %.0f of %zu turns", most->second, least->second, turns.size());
  row.detail = text;
  return row;
}

/// What all clients send for each turn, by MONITOR; what scripts call is marked there.
figure commands_of(const redis_settings& with, const redis_server& server) {
  const std::size_t turns = with.quick ? 50 : 1000;
  crowd all{server, with.folder, with.quick ? 4U : 32U};
  all.run(50);
  bare watcher{server, bare::over::unix_socket};
  watcher.command({"MONITOR"});
  std::atomic<std::size_t> commands{0};
  std::atomic<bool> over{false};
  std::jthread counting{[&] {
    while (const auto line = watcher.next(5)) {
      if (over) return;
      if (std::string_view{line->str}.find(" lua] ") == std::string_view::npos) ++commands;
    }
  }};
  const auto before = commands.load();
  const auto seen_turns = all.run(turns);
  const auto after = commands.load();
  over = true;
  figure row{.name = "redis: commands for each hand-off", .unit = "", .goal = 4};
  row.median = row.least = row.most = static_cast<double>(after - before) / static_cast<double>(seen_turns.size());
  row.detail = "all that clients send, by MONITOR: release, claim and the next acquire among it; 32 clients";
  return row;
}

std::string text_of(const seen& what) {
  char text[100];
  std::snprintf(text, sizeof text, "p50 %.3f ms, p99 %.3f ms", what.median * 1e3, what.late * 1e3);
  return text;
}

figure ratio(std::string name, double value, double goal, std::string detail) {
  figure row{.name = std::move(name), .unit = "x", .goal = goal};
  row.median = row.least = row.most = value;
  row.detail = std::move(detail);
  return row;
}

}  // namespace

std::vector<figure> bench_redis_hand_off(const redis_settings& with) {
  const redis_server server{with.folder};
  const auto where = cpus::one_each();
  server.pin(where.server);
  const on_cpu here{where.client};
  const int rounds = with.quick ? 1 : 5;
  const std::size_t turns = with.quick ? 30 : 1500;
  const std::size_t many = with.quick ? 16 : 1000;
  paired against_floor;
  std::vector<double> late;
  seen few;
  for (int i = 0; i < rounds; ++i) {
    const double floor = part_of(bare_hand_offs(server, with.quick ? 20 : 300), 0.5);
    few = watch(with, server, 2, turns);
    against_floor.add(few.median, floor);
    late.push_back(few.late / few.median);
  }
  const auto some = watch(with, server, with.quick ? 4 : 32, 2 * turns);
  const auto crowded = watch(with, server, many, 2 * turns);
  auto row = against_floor.ratios("redis: hand-off / bare release, PUBLISH, claim", figure::goal_kind::at_most, 1.5);
  row.detail = text_of(few) + " with 2 clients; the bare one " + std::to_string(against_floor.floor() * 1e3) + " ms; " +
               load_text();
  auto tail =
      ratio("redis: hand-off, p99 / p50, 2 clients", median_of(late), 4, "of " + std::to_string(rounds) + " rounds");
  tail.least = *std::min_element(late.begin(), late.end());
  tail.most = *std::max_element(late.begin(), late.end());
  std::vector<figure> rows{row, tail};
  rows.push_back(ratio("redis: hand-off, p99 / p50, 32 clients", some.late / some.median, 4, text_of(some)));
  rows.push_back(
      ratio("redis: hand-off, p99 / p50, 1,000 clients", crowded.late / crowded.median, 4, text_of(crowded)));
  rows.push_back(ratio("redis: hand-off, 32 clients / 2", some.median / against_floor.subject(), 1.3, {}));
  rows.push_back(ratio("redis: hand-off, 1,000 clients / 2", crowded.median / against_floor.subject(), 1.3, {}));
  rows.push_back(fairness_of(some.turns, with.quick ? 4 : 32));
  rows.push_back(commands_of(with, server));
  return rows;
}

}  // namespace holdfast::bench
