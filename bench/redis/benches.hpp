#pragma once

#include <filesystem>
#include <vector>

#include "figure.hpp"

/// What holdfast does over Redis, beside bare clients that send the same scripts.
namespace holdfast::bench {

struct redis_settings {
  bool quick = false;            ///< Few rounds: whether it runs at all.
  std::filesystem::path folder;  ///< For files, on a disk.
};

/// Uncontended lock and unlock, one thread.
std::vector<figure> bench_redis_pair(const redis_settings& with);
/// 64 threads, each with a resource of its own, through one client; and the memory of threads that wait.
std::vector<figure> bench_redis_threads(const redis_settings& with);
/// From unlock in one process to the lock in another, with few and many clients waiting; what that sends; fairness.
std::vector<figure> bench_redis_hand_off(const redis_settings& with);
/// What waiting clients send while nothing happens.
std::vector<figure> bench_redis_idle(const redis_settings& with);
/// Very many held leases: the keeper's work, and the server's.
std::vector<figure> bench_redis_leases(const redis_settings& with);
/// npm's redlock over ioredis.
std::vector<figure> bench_redis_peer(const redis_settings& with);

}  // namespace holdfast::bench
