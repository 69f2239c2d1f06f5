#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/store.hpp"
#include "figure.hpp"
#include "support/postgres_server.hpp"

namespace holdfast::bench {

using server = holdfast::testing::postgres_server;

/// Where client and server run, and whether the server writes through to its disk.
struct arrangement {
  const char* told;
  bool apart = false;
  bool durable = false;
};
inline constexpr arrangement arrangements[] = {{.told = "one CPU"},
                                               {.told = "a CPU each", .apart = true},
                                               {.told = "a CPU each, fsync on", .apart = true, .durable = true}};
server::options server_settings(bool durable);
/// Rows of each arrangement: the server on the last CPU (`on`, or a durable one of its own), and the calling thread and
/// what it starts there or, apart, on the first.
using measurement = std::vector<figure> (*)(server&, const arrangement&, bool quick);
std::vector<figure> in_each_arrangement(server& on, bool quick, measurement run);

std::vector<figure> bench_pair(server& on, bool quick);
std::vector<figure> bench_threads(server& on, bool quick);
std::vector<figure> bench_hand_off(server& on, bool quick);
std::vector<figure> bench_renewal(server& on, bool quick);

/// The store itself, without a client around it.
std::unique_ptr<core::store> open_store(const std::string& url);
core::request ask(std::string name);

}  // namespace holdfast::bench
