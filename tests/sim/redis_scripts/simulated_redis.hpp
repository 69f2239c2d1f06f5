#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "../backend.hpp"
#include "keyspace.hpp"
#include "store/redis/channel.hpp"
#include "store/redis/ear.hpp"

namespace holdfast::sim {

/// The server's clock, in µs since the epoch, and its expiries, in ms.
std::int64_t to_server(time_point now);
time_point from_server(std::int64_t ms);

/// A Redis server: its data, what runs scripts on them, who listens, and what goes wrong.
class simulated_redis {
 public:
  explicit simulated_redis(const surroundings& with) : dice_{with.dice}, strikes_{with.strikes}, tell_{with.tell} {}

  redis::answer run(const redis::script& what, std::span<const std::string_view> keys,
                    std::span<const std::string_view> arguments);

  keyspace data;
  keyspace snapshot;
  time_point now{};
  std::map<std::string, std::function<void(std::string_view)>> listeners;  ///< By channel.
  bool cut = false;       ///< The script that was run last was ended at a write.
  bool ever_cut = false;  ///< Some script was.

 private:
  struct running;
  value carry_out(running& script, const std::vector<std::string>& words);
  std::int64_t publish(const std::string& channel, const std::string& message);

  rng& dice_;
  std::function<bool(fault)> strikes_;
  std::function<void(const std::function<std::string()>&)> tell_;
};

/// A client's connection to it.
class simulated_channel final : public redis::channel {
 public:
  explicit simulated_channel(simulated_redis& to) : server_{to} {}
  redis::answer call(const redis::script& what, std::span<const std::string_view> keys,
                     std::span<const std::string_view> arguments, time_point by) override;
  redis::answer command(std::span<const std::string_view> words, time_point by) override;
  /// What the network may still carry is known to the simulation only, see server::withdraw.
  [[nodiscard]] bool settled(std::uint64_t) const noexcept override { return true; }

 private:
  simulated_redis& server_;
};

/// Where a client listens.
class simulated_ear final : public redis::ear {
 public:
  simulated_ear(simulated_redis& to, std::string channel, redis::ear_callbacks tell)
      : server_{to}, channel_{std::move(channel)}, tell_{std::move(tell)} {}
  ~simulated_ear() override;

  status ready(time_point by) override;
  /// Its connection breaks, or is there again.
  void set(bool up);

 private:
  void subscribe() { server_.listeners[channel_] = tell_.heard; }

  simulated_redis& server_;
  const std::string channel_;
  const redis::ear_callbacks tell_;
  bool up_ = true;
  bool wanted_ = false;
};

}  // namespace holdfast::sim
