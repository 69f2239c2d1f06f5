#pragma once

#include <libpq-fe.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "holdfast/clock.hpp"
#include "store/postgres/errors.hpp"
#include "store/postgres/message.hpp"
#include "store/postgres/options.hpp"

namespace holdfast::postgres {

/// One session with the server; for one thread at a time. All that goes wrong is thrown as `failure`.
class connection {
 public:
  /// `statement_limit`: how long the server may spend on one statement, waits for locks included.
  connection(const options& with, duration statement_limit, time_point by);
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  /// Sends one statement and waits for its rows until `by`. After a failure whose remedy is `reconnect` the connection is of
  /// no more use. `sent()` is just before it was written.
  reply run(const statement& what, const parameters& with, time_point by);
  /// Several statements without parameters, as one transaction (but for those that can't be in one).
  void run_script(const std::string& text, time_point by);
  /// Sends one statement, not to be prepared, whose rows `answer` gives once they have come: nothing if not all of them
  /// are here by then. That leaves the connection as it is; ask for them again.
  void start(const std::string& text, const parameters& with, time_point by);
  std::optional<reply> answer(time_point by);
  [[nodiscard]] time_point sent() const noexcept { return sent_; }

  /// For one that has been idle: whether the server has closed it.
  [[nodiscard]] bool usable() noexcept;
  /// The same where the server may have said something else meanwhile, which is read.
  [[nodiscard]] bool alive() noexcept;
  [[nodiscard]] int socket() const noexcept { return PQsocket(handle_.get()); }
  /// As 150004 for 15.4.
  [[nodiscard]] int server_version() const noexcept { return PQserverVersion(handle_.get()); }

  /// Between this program and the server stands a pooler: no session is its own, LISTEN is in vain.
  [[nodiscard]] bool pooled() const noexcept { return pooled_; }
  /// Where and as which process the server serves it.
  struct backend {
    std::string server;
    int process = 0;
    std::int64_t since_us = 0;
  };
  [[nodiscard]] const backend& served_by() const noexcept { return backend_; }
  /// The server's clock, as read when the session began.
  [[nodiscard]] std::int64_t began_us() const noexcept { return backend_.since_us; }

  /// For the listener: waits for a notification or for `wake` (a descriptor that becomes readable) until `by`, then
  /// calls `told(payload)` for each that has come. Whether it was woken.
  template <class Told>
  bool listen(int wake, time_point by, Told&& told) {
    const bool woken = await_input(wake, by);
    while (PGnotify* const each = PQnotifies(handle_.get())) {
      const std::unique_ptr<PGnotify, void (*)(PGnotify*)> kept{each, [](PGnotify* n) { PQfreemem(n); }};
      told(std::string_view{each->extra});
    }
    return woken;
  }

 private:
  void connect(const options& with, time_point by);
  bool try_hosts(const parameter_list& with, time_point by);
  void settle(duration statement_limit, time_point by);
  void send(const statement& what, const parameters& with, time_point by);
  void prepare(const statement& what, time_point by);
  PGresult* finish(time_point by);
  bool gather(time_point by);
  PGresult* take_gathered();
  void flush(time_point by);
  void block(bool wanted);
  bool await_answer(time_point by);
  bool wait_no_longer_than(duration left);
  bool await_input(int wake, time_point by);
  [[noreturn]] void fail(PGresult* from);
  [[noreturn]] void lost();

  struct close {
    void operator()(PGconn* handle) const noexcept { PQfinish(handle); }
  };
  struct clear {
    void operator()(PGresult* result) const noexcept { PQclear(result); }
  };
  using result = std::unique_ptr<PGresult, clear>;

  const std::string shown_;
  std::unique_ptr<PGconn, close> handle_;
  result last_;  // What has been gathered so far: the last good result,
  result bad_;   // and the first bad one.
  bool pooled_ = false;
  backend backend_;
  time_point sent_{};
  bool blocks_ = false;
  duration timeout_{};              // SO_RCVTIMEO as it is set; zero: none
  std::vector<std::uint8_t> uses_;  // of each statement: 0, 1, or 2 once it is prepared
};

}  // namespace holdfast::postgres
