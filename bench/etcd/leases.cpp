#include <chrono>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "etcd_benches.hpp"
#include "holdfast/holdfast.hpp"
#include "machine.hpp"

namespace holdfast::bench {

std::vector<figure> bench_etcd_leases(const etcd_settings& with) {
  using namespace std::chrono_literals;
  const int count = with.quick ? 200 : 10'000;
  const auto ttl = with.quick ? 3s : 9s;
  const int periods = 2;
  client one{with.server.url()};
  std::vector<held_lock> held;
  for (int i = 0; i < count; ++i) held.push_back(one.acquire("held/" + std::to_string(i), {.ttl = ttl}));
  std::this_thread::sleep_for(ttl / 3 + 500ms);  // All in one rhythm by then.
  const auto before = with.server.messages(0);
  std::this_thread::sleep_for(periods * ttl / 3);
  const auto spent = with.server.messages(0) - before;
  int lost = 0;
  for (const auto& each : held) lost += each.lease().held() ? 0 : 1;
  figure row{.name = "etcd: requests a renewal of all held locks", .unit = "", .goal = 10};
  row.median = row.least = row.most = static_cast<double>(spent) / periods;
  char text[160];
  std::snprintf(text, sizeof text, "%d locks of one client, %d lost; %ld requests in %d renewals; %s", count, lost,
                spent, periods, load_text().c_str());
  row.detail = text;
  return {row};
}

}  // namespace holdfast::bench
