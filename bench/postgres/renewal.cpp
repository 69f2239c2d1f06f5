#include <cstdio>
#include <stdexcept>

#include "benches.hpp"
#include "machine.hpp"
#include "paired.hpp"

namespace holdfast::bench {

std::vector<figure> bench_renewal(server& on, bool quick) {
  constexpr std::size_t batch = 500;
  const std::size_t count = quick ? 1000 : 10'000;
  const int rounds = quick ? 2 : 10;
  const auto store = open_store(on.url());
  std::vector<core::request> held;
  std::vector<core::lease_ref> leases;
  const auto soon = [] { return boot_clock::now() + std::chrono::seconds{20}; };
  for (std::size_t i = 0; i < count; ++i) {
    held.push_back(ask("held/" + std::to_string(i)));
    store->acquire(held.back(), true, soon());
  }
  for (const auto& each : held) leases.push_back({each.resource, each.owner, each.ttl, 0});
  on.query("CREATE EXTENSION IF NOT EXISTS pg_stat_statements");
  on.query("SELECT pg_stat_statements_reset()");
  std::vector<core::renew_verdict> verdicts(batch);
  std::vector<double> seconds;
  for (int round = 0; round < rounds; ++round) {
    seconds.push_back(seconds_of([&] {
      for (std::size_t from = 0; from < count; from += batch) {
        store->renew(std::span{leases}.subspan(from, batch), verdicts, soon());
        for (const auto each : verdicts)
          if (each != core::renew_verdict::renewed) throw std::runtime_error{"not renewed"};
      }
    }));
  }
  const auto statements =
      std::stod(on.query("SELECT sum(calls) FROM pg_stat_statements WHERE query NOT LIKE '%pg_stat_statements%'")) /
      rounds;
  figure row;
  row.name = std::to_string(count) + " leases: statements a renewal";
  row.unit = "";
  row.median = row.least = row.most = statements;
  row.wants = figure::goal_kind::at_most;
  row.goal = static_cast<double>(count / batch) + 1;
  char text[160];
  std::snprintf(text, sizeof text, "%.1f ms for all, %.1f us a lease; %s", median_of(seconds) * 1e3,
                median_of(seconds) / static_cast<double>(count) * 1e6, load_text().c_str());
  row.detail = text;
  return {row};
}

}  // namespace holdfast::bench
