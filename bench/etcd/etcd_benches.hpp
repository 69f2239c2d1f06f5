#pragma once

#include <vector>

#include "figure.hpp"
#include "support/etcd_server.hpp"

namespace holdfast::bench {

struct etcd_settings {
  bool quick = false;
  testing::etcd_cluster& server;
};

/// Uncontended lock and unlock against two bare transactions: by one thread, and by 64.
std::vector<figure> bench_etcd_pair(const etcd_settings& with);
/// From unlock in one client to lock in another, with few and many waiters, and what it costs the server.
std::vector<figure> bench_etcd_handoff(const etcd_settings& with);
/// What very many held locks cost the server.
std::vector<figure> bench_etcd_leases(const etcd_settings& with);

/// Every thread of that process on this CPU, or (-1) on all.
void pin_process(pid_t which, int cpu);
void pin_this_thread(int cpu);

}  // namespace holdfast::bench
