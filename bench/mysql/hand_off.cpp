#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>

#include "benches.hpp"
#include "holdfast/holdfast.hpp"
#include "machine.hpp"
#include "paired.hpp"

namespace holdfast::bench::mysql {

std::vector<figure> bench_hand_off(const settings& with) {
  using namespace std::chrono_literals;
  const int rounds = with.quick ? 5 : 201;
  testing::mariadb_server server{server_on(-1)};
  const auto url = server.url("hf_hand_off");
  // URLs that differ share nothing: as if in two processes, which could not compare their clocks so well.
  client one{url + "?pool=2"};
  client other{url + "?pool=3"};
  mutex mine{one, "k"};
  mutex theirs{other, "k"};
  std::vector<double> waits;
  for (int i = 0; i < rounds; ++i) {
    mine.lock();
    boot_clock::time_point got{};
    std::thread waiter{[&] {
      theirs.lock();
      got = boot_clock::now();
      theirs.unlock();
    }};
    resource_view view;
    while (one.inspect("k", view).ok() && view.waiters.empty()) std::this_thread::sleep_for(1ms);
    std::this_thread::sleep_for(std::chrono::milliseconds{100 + i * 37 % 54});  // At any point of a poll's period.
    const auto freed = boot_clock::now();
    mine.unlock();
    waiter.join();
    waits.push_back(std::chrono::duration<double, std::milli>(got - freed).count());
  }
  figure row;
  row.name = "MySQL: hand-off to another process";
  row.unit = "ms";
  row.median = median_of(waits);
  row.least = *std::min_element(waits.begin(), waits.end());
  row.most = *std::max_element(waits.begin(), waits.end());
  row.wants = figure::goal_kind::at_most;
  row.goal = 30;
  row.detail = std::to_string(rounds) + " hand-offs; " + load_text();
  return {row};
}

}  // namespace holdfast::bench::mysql
