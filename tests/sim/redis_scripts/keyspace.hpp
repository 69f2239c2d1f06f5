#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "../rng.hpp"
#include "value.hpp"

namespace holdfast::sim {

/// The data of a Redis server and the commands that holdfast's scripts use, as Redis 7 carries them out; a differential
/// test holds it against a real server. A command that it does not know throws std::logic_error: the simulation is to be
/// taught it, not to be misled. A value type: a copy is a snapshot.
class keyspace {
 public:
  using words = std::vector<std::string>;
  /// Delivers a message; how many received it.
  using publisher = std::function<std::int64_t(const std::string& channel, const std::string& message)>;

  /// Carries `command` out at `now` (the server's clock, in µs since the epoch).
  value execute(const words& command, std::int64_t now, const publisher& publish);
  /// Whether the command changes data or is heard by others: what a script that is cut off may still have done.
  [[nodiscard]] static bool writes(const words& command);
  /// Whether the server refuses it when memory is short.
  [[nodiscard]] static bool grows(const words& command);

  /// The value of a string key.
  [[nodiscard]] std::optional<std::string> text_of(const std::string& key, std::int64_t now) const;
  /// When the key ends (ms), nothing if it does not exist, the end of time if it has no expiry.
  [[nodiscard]] std::optional<std::int64_t> end_of(const std::string& key, std::int64_t now) const;
  [[nodiscard]] std::vector<std::string> keys(std::int64_t now) const;
  bool erase(const std::string& key) { return data_.erase(key) > 0; }
  void clear() { data_.clear(); }

 private:
  using hash = std::map<std::string, std::string>;
  struct sorted_set {
    std::map<std::string, double> scores;
    std::set<std::pair<double, std::string>> order;
  };
  struct entry {
    std::variant<std::string, hash, sorted_set> what;
    std::optional<std::int64_t> ends;  ///< ms since the epoch
  };
  struct call {
    const words& in;
    std::int64_t now;  ///< µs
    [[nodiscard]] std::int64_t ms() const { return now / 1000; }
  };
  using handler = value (keyspace::*)(const call&);
  struct command_rule {
    int arity;  ///< As Redis states it: negative for "at least".
    bool writes;
    bool grows;
    handler carry_out;
  };
  static const std::map<std::string, command_rule, std::less<>>& rules();
  static const command_rule& rule_of(const words& command);

  entry* find(const std::string& key);
  [[nodiscard]] const entry* live(const std::string& key, std::int64_t ms) const;
  void drop_ended(std::int64_t ms);
  /// Null if the key is not there, or is of another type (`wrong`).
  template <class Type>
  Type* typed(const std::string& key, bool& wrong);
  void drop_if_empty(const std::string& key);

  value time(const call& it);
  value type(const call& it);
  value exists(const call& it);
  value del(const call& it);
  value pttl(const call& it);
  value pexpire(const call& it);
  value get(const call& it);
  value mget(const call& it);
  value set(const call& it);
  value setrange(const call& it);
  value hget(const call& it);
  value hmget(const call& it);
  value hset(const call& it);
  value hdel(const call& it);
  value zadd(const call& it);
  value zrem(const call& it);
  value zscore(const call& it);
  value zrank(const call& it);
  value zrange(const call& it);
  value zrandmember(const call& it);

  std::map<std::string, entry> data_;
  std::int64_t soonest_end_ = INT64_MAX;
  rng dice_{1};  ///< For ZRANDMEMBER.
};

template <class Type>
Type* keyspace::typed(const std::string& key, bool& wrong) {
  auto* const it = find(key);
  if (it == nullptr) return nullptr;
  auto* const made = std::get_if<Type>(&it->what);
  wrong = made == nullptr;
  return made;
}

}  // namespace holdfast::sim
