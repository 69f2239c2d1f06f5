#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>

#include "benches.hpp"
#include "counted.hpp"
#include "holdfast/holdfast.hpp"
#include "machine.hpp"

namespace holdfast::bench::mysql {
namespace {

figure with_waiters(const settings& with, int count) {
  using namespace std::chrono_literals;
  testing::mariadb_server server{server_on(-1)};
  const auto url = server.url("hf_waiting");
  client holder{url + "?pool=2"};
  std::vector<std::unique_ptr<client>> clients;
  std::vector<std::thread> waiters;
  mutex held{holder, "k", {.ttl = 60s, .renew = false}};
  held.lock();
  for (int i = 0; i < count; ++i) {
    clients.push_back(std::make_unique<client>(url));
    waiters.emplace_back([&each = *clients.back()] {
      mutex mine{each, "k"};
      mine.lock();
      mine.unlock();
    });
  }
  resource_view view;
  while (holder.inspect("k", view).ok() && view.waiters.size() < static_cast<std::size_t>(count))
    std::this_thread::sleep_for(20ms);
  const auto began = boot_clock::now();
  const auto before = executed(server);
  std::this_thread::sleep_for(with.quick ? 500ms : 8s);
  const double seconds = std::chrono::duration<double>(boot_clock::now() - began).count();
  const double rate = static_cast<double>(executed(server) - before) / seconds;
  held.unlock();
  for (auto& each : waiters) each.join();
  figure row;
  row.name = "MySQL: statements for " + std::to_string(count) + (count == 1 ? " waiter" : " waiters") + " of a process";
  row.unit = "/s";
  row.median = row.least = row.most = rate;
  row.wants = figure::goal_kind::at_most;
  row.goal = 20;
  row.detail = load_text();
  return row;
}

}  // namespace

std::vector<figure> bench_waiting(const settings& with) {
  return {with_waiters(with, 1), with_waiters(with, with.quick ? 5 : 100), with_waiters(with, with.quick ? 10 : 1000)};
}

}  // namespace holdfast::bench::mysql
