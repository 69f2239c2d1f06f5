#include <atomic>
#include <chrono>
#include <cstdio>
#include <functional>
#include <latch>
#include <memory>
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

constexpr std::size_t thread_count = 64;

std::string name_of(std::size_t index) { return "stock/" + std::to_string(index); }

/// Seconds that `thread_count` threads take for `each` calls of `body` with their own number.
double together(int each, const std::function<void(std::size_t)>& body) {
  std::latch ready{thread_count + 1};
  std::vector<std::jthread> threads;
  for (std::size_t t = 0; t < thread_count; ++t)
    threads.emplace_back([&, t] {
      ready.arrive_and_wait();
      for (int i = 0; i < each; ++i) body(t);
    });
  ready.arrive_and_wait();
  return seconds_of([&] { threads.clear(); });
}

std::vector<figure> measure(const redis_settings& with, const redis_server& server, const cpus& where,
                            const std::string& label) {
  server.pin(where.server);
  const on_cpu here{where.client};
  const int rounds = with.quick ? 1 : 9;
  const int each = with.quick ? 10 : 300;
  client shared{server.url()};
  std::vector<std::unique_ptr<mutex>> locks;
  std::vector<std::unique_ptr<bare>> connections;
  for (std::size_t t = 0; t < thread_count; ++t) {
    locks.push_back(std::make_unique<mutex>(shared, name_of(t)));
    connections.push_back(std::make_unique<bare>(server, bare::over::tcp));
  }
  paired speed;
  paired server_work;
  for (int i = -1; i < rounds; ++i) {  // The first does not count.
    const double begin = server.cpu_seconds();
    const double bare_time = together(each, [&](std::size_t t) { connections[t]->pair(name_of(t + 1000)); });
    const double middle = server.cpu_seconds();
    const double our_time = together(each, [&](std::size_t t) {
      locks[t]->lock();
      locks[t]->unlock();
    });
    if (i < 0) continue;
    speed.add(1 / our_time, 1 / bare_time);
    server_work.add(server.cpu_seconds() - middle, middle - begin);
  }
  const double pairs = thread_count * static_cast<double>(each);
  auto rate = speed.ratios("redis: pairs/s, 64 threads / 64 connections, " + label, figure::goal_kind::at_least, 1.6);
  auto work = server_work.ratios("redis: server CPU for each pair, " + label, figure::goal_kind::at_most, 0.6);
  char text[160];
  std::snprintf(text, sizeof text, "%.0f/s through one client, %.0f/s bare; %d rounds of %d each; %s",
                speed.subject() * pairs, speed.floor() * pairs, rounds, each, load_text().c_str());
  rate.detail = text;
  std::snprintf(text, sizeof text, "%.1f us against %.1f us", server_work.subject() / pairs * 1e6,
                server_work.floor() / pairs * 1e6);
  work.detail = text;
  return {rate, work};
}

/// What a thread that waits for a lock costs in memory.
figure memory_of_waiting(const redis_settings& with, const redis_server& server) {
  const std::size_t count = with.quick ? 8 : 128;
  client holder{server.url()};
  client waiting{server.url()};
  std::vector<held_lock> held;
  std::vector<std::unique_ptr<mutex>> locks;
  for (std::size_t i = 0; i < count; ++i) {
    held.push_back(holder.acquire("held/" + std::to_string(i)));
    locks.push_back(std::make_unique<mutex>(waiting, "held/" + std::to_string(i)));
  }
  const auto wait_for_all = [&](std::size_t from, std::size_t to, std::vector<std::jthread>& threads) {
    for (auto i = from; i < to; ++i) threads.emplace_back([&, i] { std::lock_guard mine{*locks[i]}; });
    std::this_thread::sleep_for(std::chrono::milliseconds{with.quick ? 100 : 1500});
  };
  std::vector<std::jthread> threads;
  wait_for_all(0, 1, threads);  // What the first waiter starts is the client's, not its own.
  const auto before = resident_bytes();
  wait_for_all(1, count, threads);
  const auto after = resident_bytes();
  held.clear();
  threads.clear();
  figure row{.name = "redis: memory for each waiting thread", .unit = "KiB", .goal = 64};
  row.median = row.least = row.most =
      static_cast<double>(after - std::min(before, after)) / 1024 / static_cast<double>(count - 1);
  char text[80];
  std::snprintf(text, sizeof text, "resident memory of %zu threads that wait, their stacks with it", count - 1);
  row.detail = text;
  return row;
}

}  // namespace

std::vector<figure> bench_redis_threads(const redis_settings& with) {
  const redis_server server{with.folder};
  auto rows = measure(with, server, cpus::shared(), "one CPU");
  for (auto& row : measure(with, server, cpus::one_each(), "one CPU each")) rows.push_back(std::move(row));
  rows.push_back(memory_of_waiting(with, server));
  return rows;
}

}  // namespace holdfast::bench
