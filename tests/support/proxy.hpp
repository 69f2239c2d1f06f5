#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace holdfast::testing {

/// A TCP relay on a free port of 127.0.0.1, for tests of what networks do. Thread-safe.
class proxy {
 public:
  /// What becomes of a piece of bytes on its way.
  enum class fate {
    pass,
    hold,       ///< It and all that follows in that direction waits for `heal`.
    outlive,    ///< The same, and it arrives then also if its sender has closed meanwhile.
    swallow,    ///< It never arrives; the connection stands.
    cut,        ///< It never arrives, and the connection ends at both sides.
    cut_after,  ///< It arrives, and then the connection ends at the sender's side.
  };
  enum class direction { to_server, to_client };
  /// Asked for each piece as it was read; on the proxy's thread.
  using judge = std::function<fate(direction, std::string_view)>;

  explicit proxy(int target_port);
  ~proxy();
  proxy(const proxy&) = delete;
  proxy& operator=(const proxy&) = delete;

  [[nodiscard]] int port() const noexcept { return port_; }
  void judge_by(judge how);
  /// Nothing passes in either direction, nor are connections made, until `heal`.
  void partition();
  /// Everything passes again, and what was held goes on.
  void heal();
  /// Every piece takes that long from now on.
  void delay(std::chrono::milliseconds span);
  /// Ends every connection.
  void cut_all();
  [[nodiscard]] std::size_t connections();

 private:
  struct pipe;
  void run();
  void accept_one();
  bool relay(pipe& one);
  bool flush(pipe& one);
  fate fate_of(direction where, std::string_view piece);

  const int target_;
  int listener_ = -1;
  int port_ = 0;
  int wake_ = -1;
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  judge judge_;  // guarded by mutex_, like all below
  bool partitioned_ = false;
  std::chrono::milliseconds delay_{};
  std::list<pipe> pipes_;
  std::thread thread_;
};

}  // namespace holdfast::testing
