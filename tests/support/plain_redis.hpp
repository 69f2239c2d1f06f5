#pragma once

#include <hiredis/hiredis.h>

#include <memory>
#include <mutex>
#include <string>

#include "store/redis/channel.hpp"
#include "store/redis/ear.hpp"

/// The scripts' other client: hiredis, blocking, one call at a time. What the scripts do is so tested without the
/// store's own connection.
namespace holdfast::testing {

class plain_channel final : public redis::channel {
 public:
  explicit plain_channel(std::string socket);
  redis::answer call(const redis::script& what, std::span<const std::string_view> keys,
                     std::span<const std::string_view> arguments, time_point by) override;
  redis::answer command(std::span<const std::string_view> words, time_point by) override;
  [[nodiscard]] bool settled(std::uint64_t) const noexcept override { return true; }

 private:
  redis::answer send(std::span<const std::string_view> words);

  const std::string socket_;
  std::mutex mutex_;
  std::unique_ptr<redisContext, void (*)(redisContext*)> context_;
};

/// A channel's ear that polls its socket.
std::unique_ptr<redis::ear> plain_ear(const std::string& socket, std::string channel, redis::ear_callbacks tell);

}  // namespace holdfast::testing
