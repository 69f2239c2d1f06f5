#include <cstdlib>

#include "etcd_benches.hpp"
#include "program.hpp"

namespace {

using namespace holdfast::bench;

/// On a server of its own, with its data in memory.
auto by(std::vector<figure> (*run)(const etcd_settings&)) {
  return [run](const bench_options& with) {
    holdfast::testing::etcd_cluster server;
    return run({.quick = with.quick, .server = server});
  };
}

}  // namespace

int main(int argc, char** argv) {
  // The server has next to nothing in it, so that its collector, which runs whenever the heap has doubled, would run all
  // the time and be what the slowest one in fifty shows. With a store's worth of data it runs about this seldom.
  ::setenv("GOGC", "800", 0);
  return run_benches("Measures the store for etcd beside a bare gRPC client.",
                     {{"pair", "lock+unlock / a Txn that puts and one that deletes; 64 threads", by(bench_etcd_pair)},
                      {"handoff", "from unlock in one client to the lock in another, with 2, 32 and 500 waiters",
                       by(bench_etcd_handoff)},
                      {"leases", "10,000 held locks", by(bench_etcd_leases)}},
                     argc, argv);
}
