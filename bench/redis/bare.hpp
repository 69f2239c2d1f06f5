#pragma once

#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "redis/server.hpp"
#include "store/redis/channel.hpp"

struct redisContext;
struct redisReply;

namespace holdfast::bench {

/// What no client can be cheaper than: one blocking connection of hiredis that sends the very scripts and arguments
/// that holdfast sends, and nothing else. For one thread.
class bare {
 public:
  enum class over { tcp, unix_socket };
  bare(const redis_server& server, over how);
  ~bare();
  bare(const bare&) = delete;
  bare& operator=(const bare&) = delete;

  struct free_reply {
    void operator()(redisReply* what) const noexcept;
  };
  using answer = std::unique_ptr<redisReply, free_reply>;

  /// Throws std::runtime_error for an error reply.
  answer command(std::initializer_list<std::string_view> words);
  /// The next reply that comes without a command (a message, a line of MONITOR); null when none does in `seconds`.
  answer next(int seconds);

  /// A name and an owner of its own for each, as holdfast's verbs send them.
  std::string acquire(std::string_view name, std::string_view owner, bool wait, std::string_view listening);
  std::string claim(std::string_view name, std::string_view owner);
  void release(std::string_view name, std::string_view owner, std::string_view token);
  /// acquire, which must be granted, and release.
  void pair(std::string_view name);

 private:
  answer run(const redis::script& what, std::span<const std::string_view> keys,
             std::span<const std::string_view> words);

  redisContext* with_;
  std::uint64_t owners_ = 0;
};

}  // namespace holdfast::bench
