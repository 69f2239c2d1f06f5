#pragma once

#include <mutex>
#include <vector>

#include "core/condition.hpp"
#include "holdfast/clock.hpp"

namespace holdfast::mysql {

/// Ends what waits for a server too long: at its deadline a socket is shut down, and whoever reads from it gets an
/// end of file. libmariadb's own time-outs are whole seconds, and hold for one read, not for a statement.
class deadline_watch {
 public:
  /// The one of this process.
  static deadline_watch& instance();

  /// Watches over `socket` while it lives, which is the span of one exchange with the server.
  class guard {
   public:
    guard(int socket, time_point by);
    ~guard() { end(); }
    guard(const guard&) = delete;
    guard& operator=(const guard&) = delete;
    /// The exchange is over. Whether the deadline passed before, and the connection is gone.
    bool end() noexcept;

   private:
    friend class deadline_watch;
    int socket_;
    time_point by_;
    bool cut_ = false;  // guarded by the watch's mutex
    bool ended_ = false;
  };

 private:
  void run();
  [[nodiscard]] time_point cut_due(time_point now);  // mutex_ is held

  std::mutex mutex_;
  core::condition changed_;
  std::vector<guard*> active_;
  time_point wakes_at_ = time_point::max();
  bool running_ = false;
  bool used_ = false;
};

}  // namespace holdfast::mysql
