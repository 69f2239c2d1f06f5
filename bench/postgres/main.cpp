#include <memory>
#include <optional>
#include <vector>

#include "benches.hpp"
#include "machine.hpp"
#include "program.hpp"

using namespace holdfast::bench;

server::options holdfast::bench::server_settings(bool durable) {
  server::options made;
  made.on_disk = true;
  made.settings = {"shared_buffers=128MB"};
  if (durable)
    made.settings.insert(made.settings.end(), {"fsync=on", "full_page_writes=on"});
  else
    made.settings.emplace_back("shared_preload_libraries=pg_stat_statements");
  return made;
}

std::vector<figure> holdfast::bench::in_each_arrangement(server& on, bool quick, measurement run) {
  std::vector<figure> rows;
  for (const auto& how : arrangements) {
    const auto durable = how.durable ? std::make_unique<server>(server_settings(true)) : nullptr;
    // What the client starts inherits this thread's CPU.
    const pinned client_cpu{how.apart ? 0 : -1};
    for (auto& row : run(durable ? *durable : on, how, quick)) rows.push_back(std::move(row));
  }
  return rows;
}

int main(int argc, char** argv) {
  const pinned one_cpu;
  std::optional<server> shared;  // It inherits the CPU.
  const auto by = [&](std::vector<figure> (*run)(server&, bool)) {
    return [&shared, run](const bench_options& with) {
      if (!shared) shared.emplace(server_settings(false));
      return run(*shared, with.quick);
    };
  };
  return run_benches(
      "Measures the store for PostgreSQL beside two bare prepared updates on one connection.\n"
      "The server is its own, on one CPU with the client and with fsync off where a row does not say else.",
      {{"pair", "lock+unlock / two bare updates", by(bench_pair)},
       {"threads", "16 threads / 16 bare connections", by(bench_threads)},
       {"handoff", "from unlock in one client to the lock in another", by(bench_hand_off)},
       {"renewal", "10,000 held leases", by(bench_renewal)}},
      argc, argv);
}
