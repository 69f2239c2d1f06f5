#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "core/condition.hpp"
#include "store/redis/channel.hpp"
#include "store/redis/greeting.hpp"
#include "store/redis/pipeline.hpp"
#include "store/redis/settings.hpp"

namespace holdfast::redis {

/// One connection that all threads share, made when it is first needed and made anew after it broke. Whoever waits for
/// a reply drives it (see `pipeline`): there is no thread of its own, and with one caller at a time a call is one send
/// and one recv.
class connection final : public channel {
 public:
  struct options {
    duration command_timeout{};
    duration connect_timeout{};
    /// What else to ask on each new connection, before it is used: told the replies to what it asked before (none at
    /// first, and that goes with the greeting), it says what to ask now; nothing: that is all. May be empty.
    std::function<std::vector<std::vector<std::string>>(const std::vector<reply>&)> inquire;
    /// A caller that gives up when the oldest reply has been awaited for so long ends the connection: it may be dead without
    /// a word (a firewall forgot it, say), and the next call has little time. Zero: only the command_timeout counts.
    duration suspicion{};
    pipeline::limits pipelining{};  ///< Its reply_timeout is the command_timeout.
  };

  connection(settings where, std::shared_ptr<const tls_context> with, options how);
  ~connection() override;

  answer call(const script& what, std::span<const std::string_view> keys, std::span<const std::string_view> arguments,
              time_point by) override;
  answer command(std::span<const std::string_view> words, time_point by) override;
  [[nodiscard]] bool settled(std::uint64_t number) const noexcept override;

 private:
  class link;
  struct caller;
  using guard = std::unique_lock<std::mutex>;
  /// A connection that broke with something unknown in flight, until the server is known to have dropped it.
  struct grave {
    std::uint64_t number = 0;
    identity who;
    bool hopeless = false;  ///< The server won't tell, or won't drop it.
  };

  answer transact(std::span<const std::string_view> words, time_point by);
  status ready(guard& lock, time_point by);
  std::shared_ptr<link> open(time_point by);
  void bury(link& with, time_point by);
  void drive(guard& lock, link& with, caller& me);
  void send(guard& lock, link& with, caller& me);
  void receive(guard& lock, link& with, caller& me);
  void wait(guard& lock, link& with, caller& me);
  void end(link& with, status why);
  void suspect(link& with, const caller& me);
  [[nodiscard]] status why_not(const link& with, const caller& me) const;

  const settings where_;
  const std::shared_ptr<const tls_context> tls_;
  const options how_;
  const std::uint64_t forks_;
  mutable std::mutex mutex_;  // guards all below, and the links' pipelines and TLS
  std::shared_ptr<link> current_;
  std::uint64_t made_ = 0;
  bool connecting_ = false;
  std::uint64_t attempts_ = 0;  ///< Attempts to connect that have ended.
  status last_attempt_;
  core::condition connected_;
  std::vector<grave> graves_;
  std::uint64_t hopeless_below_ = 0;  ///< Of connections before this one nothing is known any more.
};

}  // namespace holdfast::redis
