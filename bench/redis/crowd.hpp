#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "holdfast/holdfast.hpp"
#include "redis/server.hpp"

namespace holdfast::bench {

/// Clients in processes of their own that all want one lock, again and again, and note when they had it.
class crowd {
 public:
  /// Returns when every client waits. Nobody has a turn yet: the lock is held here.
  crowd(const redis_server& server, const std::filesystem::path& folder, std::size_t clients);
  ~crowd();
  crowd(const crowd&) = delete;
  crowd& operator=(const crowd&) = delete;

  struct turn {
    std::int64_t locked = 0;    ///< Nanoseconds of CLOCK_MONOTONIC: lock() returned.
    std::int64_t unlocked = 0;  ///< unlock() was called.
    std::uint32_t client = 0;
  };

  /// Lets them go on until there were `turns` more turns in all; the turns.
  std::vector<turn> run(std::size_t turns);

  struct board;
  static board* attach(const std::filesystem::path& file);

 private:
  void end() noexcept;

  std::size_t clients_;
  std::filesystem::path file_;
  board* board_ = nullptr;
  std::vector<pid_t> processes_;
  client holder_;
  held_lock held_;
};

/// A process of a crowd: `count` clients from number `first` on.
int be_crowd(const std::string& url, const std::string& file, std::size_t first, std::size_t count);

/// Seconds from each unlock to the next lock.
std::vector<double> hand_offs(const std::vector<crowd::turn>& turns);

inline constexpr const char* crowd_name = "turnstile";

}  // namespace holdfast::bench
