#include <chrono>
#include <cstdio>
#include <string>
#include <thread>

#include "benches.hpp"
#include "counted.hpp"
#include "holdfast/holdfast.hpp"
#include "machine.hpp"

namespace holdfast::bench::mysql {

std::vector<figure> bench_renewal(const settings& with) {
  using namespace std::chrono_literals;
  const int leases = with.quick ? 100 : 10'000;
  const duration ttl = with.quick ? duration{3s} : duration{15s};
  testing::mariadb_server server{server_on(-1)};
  client holder{server.url("hf_renewal")};
  std::vector<held_lock> held;
  for (int i = 0; i < leases; ++i) held.push_back(holder.acquire("k" + std::to_string(i), {.ttl = ttl}));
  const auto busy_before = thread_seconds("hf-keeper");
  const auto began = boot_clock::now();
  const auto before = executed(server);
  std::this_thread::sleep_for(ttl);  // Three renewals of each.
  const double seconds = std::chrono::duration<double>(boot_clock::now() - began).count();
  const auto statements = static_cast<double>(executed(server) - before);
  const double busy = thread_seconds("hf-keeper") - busy_before;
  int lost = 0;
  for (const auto& each : held) lost += each.lease().held() ? 0 : 1;
  const double renewed = leases * seconds / std::chrono::duration<double>(ttl / 3).count();
  figure row;
  row.name = "MySQL: renewals by one statement, " + std::to_string(leases) + " held leases";
  row.unit = "";
  row.median = row.least = row.most = renewed / statements;
  row.wants = figure::goal_kind::at_least;
  row.goal = with.quick ? 1 : 100;
  char text[160];
  std::snprintf(text, sizeof text, "%.1f statements/s, %.1f %% of a core in the keeper, %d lost; %s",
                statements / seconds, busy / seconds * 100, lost, load_text().c_str());
  row.detail = text;
  return {row};
}

}  // namespace holdfast::bench::mysql
