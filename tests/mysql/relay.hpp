#pragma once

#include <atomic>
#include <thread>
#include <utility>
#include <vector>

namespace holdfast::mysql::test {

/// Stands between a client and the server on the loopback, and spoils what passes.
class relay {
 public:
  explicit relay(int server_port);
  ~relay();
  relay(const relay&) = delete;
  relay& operator=(const relay&) = delete;

  [[nodiscard]] int port() const noexcept { return port_; }
  /// The next answer of the server is not passed on: its client's connection is cut in its stead.
  void lose_next_answer() noexcept { lose_ = true; }
  [[nodiscard]] bool lost_it() const noexcept { return !lose_; }
  /// While set, nothing passes from the client to the server, and what is sent waits.
  void hold_requests(bool yes) noexcept { hold_ = yes; }

 private:
  void run();
  void accept_one();
  bool pass(std::pair<int, int>& pair, bool to_server);

  const int server_port_;
  int port_ = 0;
  int listener_ = -1;
  std::vector<std::pair<int, int>> pairs_;  // client, server
  std::atomic<bool> lose_{false};
  std::atomic<bool> hold_{false};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace holdfast::mysql::test
