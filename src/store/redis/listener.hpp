#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "holdfast/clock.hpp"
#include "holdfast/status.hpp"
#include "store/redis/settings.hpp"
#include "store/redis/tls.hpp"

namespace holdfast::redis {

/// Hears what is published on one channel: a thread, with a connection of its own. Started by the first `ready`; from
/// then on it connects again, by itself, whenever its connection broke.
class listener {
 public:
  struct options {
    duration connect_timeout{};
    duration ping_every = std::chrono::seconds{30};  ///< A server that does not answer until then is taken for dead.
    duration shortest_pause = std::chrono::milliseconds{20};  ///< Between attempts to connect; doubled each time,
    duration longest_pause = std::chrono::seconds{2};         ///< up to this.
  };
  struct callbacks {
    std::function<void(std::string_view)> message;
    /// After each subscription: what was published before it was not heard.
    std::function<void()> missed;
  };

  /// Does nothing yet. The callbacks run on the listener's thread, which they must not block.
  listener(settings where, std::shared_ptr<const tls_context> with, std::string channel, options how, callbacks tell);
  /// Quick. May run on the listener's own thread, within a callback: it then ends after that. Otherwise no callback runs
  /// any more once it returns.
  ~listener();
  listener(const listener&) = delete;
  listener& operator=(const listener&) = delete;

  /// Success once it is subscribed; starts it, if need be, and waits until `by`. With a subscription that stands it costs
  /// no system call. Thread-safe.
  status ready(time_point by);

 private:
  class loop;
  const std::shared_ptr<loop> loop_;
  std::mutex starting_;
  std::thread thread_;  // guarded by starting_
};

}  // namespace holdfast::redis
