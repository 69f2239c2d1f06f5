#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "figure.hpp"

namespace holdfast::bench {

struct settings {
  bool quick = false;             ///< Few rounds: whether it runs at all.
  std::filesystem::path folder;   ///< For files, on a disk. Must be there.
  std::filesystem::path command;  ///< The program holdfast.
  std::filesystem::path self;     ///< This program, to start its other half.
};

/// Uncontended lock and unlock against two bare prepared transactions.
std::vector<figure> bench_pair(const settings& with);
/// `holdfast run k -- true` against `flock FILE true`.
std::vector<figure> bench_run(const settings& with);
/// Threads of one client that take turns, against locks whose every turn goes to the store.
std::vector<figure> bench_turns(const settings& with);
/// Very many held leases: the keeper's work, their memory.
std::vector<figure> bench_leases(const settings& with);

/// The other half of bench_turns: locks `name` over and over until stdin ends, then prints its waits on stdout.
int be_waiter(const std::string& url, const std::string& name);

}  // namespace holdfast::bench
