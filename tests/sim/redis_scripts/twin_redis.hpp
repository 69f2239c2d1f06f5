#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "interpreter.hpp"
#include "keyspace.hpp"
#include "store/redis/channel.hpp"
#include "store/redis/ear.hpp"
#include "support/plain_redis.hpp"
#include "support/redis_server.hpp"

struct redisContext;

namespace holdfast::sim {

/// Equal, but for what is left of a life, in which the real server is behind by the time that really passed.
::testing::AssertionResult alike(const value& simulated, const redis::reply& real);

/// A simulated Redis and a real one, of which the same is wanted at the same time: the test's own.
class twin_servers {
 public:
  /// A command to the real one.
  redis::answer real(const std::vector<std::string_view>& words);
  /// A command to both, as anybody may send it.
  void plain(const keyspace::words& words);
  /// A script of the store's to both, which answer alike and tell listeners the same.
  redis::answer run(const redis::script& what, std::span<const std::string_view> keys,
                    std::span<const std::string_view> arguments);

  [[nodiscard]] std::string socket() const { return server_.socket(); }
  [[nodiscard]] std::int64_t now() const noexcept { return now_; }  ///< µs
  /// Moves the clock on, by less than any life matters.
  void tick();
  /// Moves the clock, also back; lives end.
  void pass(std::int64_t ms);
  void clear();
  /// Both have the same keys, with the same in them.
  void compare_data();

  std::map<std::string, redisContext*> listeners;  ///< Of the real one, by channel.

 private:
  void set_clock(std::int64_t to);
  void hear();

  testing::redis_server server_;
  testing::plain_channel client_{server_.socket()};
  keyspace data_;
  interpreter lua_;
  std::int64_t now_ = 1'700'000'000'000'000;
  std::vector<std::pair<std::string, std::string>> published_;  ///< By the simulated one, in the script run last.
};

class twin_channel final : public redis::channel {
 public:
  explicit twin_channel(twin_servers& to) : to_{to} {}
  redis::answer call(const redis::script& what, std::span<const std::string_view> keys,
                     std::span<const std::string_view> arguments, time_point) override {
    return to_.run(what, keys, arguments);
  }
  redis::answer command(std::span<const std::string_view> words, time_point) override {
    return to_.real({words.begin(), words.end()});
  }
  [[nodiscard]] bool settled(std::uint64_t) const noexcept override { return true; }

 private:
  twin_servers& to_;
};

class twin_ear final : public redis::ear {
 public:
  twin_ear(twin_servers& to, std::string channel);
  ~twin_ear() override;
  status ready(time_point) override {
    set(true);
    return {};
  }
  void set(bool up);

 private:
  twin_servers& to_;
  const std::string channel_;
  redisContext* context_;
};

}  // namespace holdfast::sim
