#pragma once

#include <libpq-fe.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

namespace holdfast::bench {

/// What a hand-off by NOTIFY can't be quicker than: an UPDATE of a row that notifies, a thread that listens on a session
/// of its own and wakes who waits, and that one's UPDATE on a third session.
class bare_hand_off {
 public:
  bare_hand_off(const std::string& conninfo, std::string name);
  bare_hand_off(const bare_hand_off&) = delete;
  bare_hand_off& operator=(const bare_hand_off&) = delete;
  ~bare_hand_off();
  void once();

 private:
  using session = std::unique_ptr<PGconn, void (*)(PGconn*)>;
  void listen();

  const std::string name_;
  const session from_;
  const session to_;
  const session ear_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool told_ = false;
  const int stop_;
  std::thread listener_;
};

}  // namespace holdfast::bench
