#pragma once

#include <string>
#include <vector>

#include "figure.hpp"
#include "support/mariadb_server.hpp"

namespace holdfast::bench::mysql {

struct settings {
  bool quick = false;
};

/// A server whose threads run on that CPU (-1: on any). Its commits do not wait for the disk, which would hide the rest.
testing::mariadb_server::setup server_on(int cpu);

/// Uncontended lock and unlock against two bare prepared statements: on one CPU, and with one for each side.
std::vector<figure> bench_pair(const settings& with);
/// The same in 16 threads, by throughput.
std::vector<figure> bench_threads(const settings& with);
/// From one process's unlock to the other's lock.
std::vector<figure> bench_hand_off(const settings& with);
/// What waiting costs the server.
std::vector<figure> bench_waiting(const settings& with);
/// 10,000 held leases.
std::vector<figure> bench_renewal(const settings& with);

}  // namespace holdfast::bench::mysql
