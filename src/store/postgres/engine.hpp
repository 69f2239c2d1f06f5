#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>

#include "core/store.hpp"
#include "store/postgres/connection.hpp"
#include "store/postgres/lost_sessions.hpp"
#include "store/postgres/options.hpp"
#include "store/postgres/statements.hpp"
#include "store/sql/clock_watch.hpp"
#include "store/sql/pool.hpp"

namespace holdfast::postgres {

/// How a statement may be handled when its answer was lost.
enum class on_loss {
  ask_again,  ///< It may be carried out twice: once more on another connection.
  give_up,
};

/// The server as all threads of one store share it: connections, the statements, the server's clock, the tables that
/// are made at first use. Throws `failure`.
class engine {
 public:
  engine(options with, const core::store_options& how);

  struct answer {
    reply rows;
    time_point sent;
    time_point read;
  };
  /// Runs one statement on a free connection. A deadlock's victim is sent again. `acquires`: the request that it may
  /// grant; each session on which that answer was lost goes to `losses()`.
  answer ask(const statement& what, const parameters& with, time_point by, on_loss then,
             const core::request* acquires = nullptr) {
    return ask_on(what, with, by, then, acquires, 0);
  }
  /// The same for a renewal, which does not wait for verbs that others' locks keep: it has a connection beyond the pool
  /// where all are in use.
  answer ask_beside(const statement& what, const parameters& with, time_point by) {
    return ask_on(what, with, by, on_loss::ask_again, nullptr, 1);
  }

  /// Runs `body(connection&)` on a connection, with the tables made.
  void on_connection(time_point by, const std::function<void(connection&)>& body);
  void make_tables(connection& on, time_point by);
  std::unique_ptr<connection> connect(time_point by);

  /// Appends the bounds of the server's clock.
  void add_bounds(parameters& to) const;
  void saw_clock(std::int64_t server_us, const answer& in) { clock_.saw(server_us, in.sent, in.read); }

  /// See clock_watch::reckoned.
  [[nodiscard]] std::int64_t reckoned_clock() const noexcept { return clock_.reckoned(boot_clock::now()); }

  /// Whether a pooler stands between; known once there was a connection.
  [[nodiscard]] bool pooled() const noexcept { return pooled_.load(std::memory_order_relaxed); }
  [[nodiscard]] const options& with() const noexcept { return options_; }
  [[nodiscard]] const statements& texts() const noexcept { return statements_; }
  lost_sessions& losses() noexcept { return losses_; }
  [[nodiscard]] duration command_timeout() const noexcept { return command_timeout_; }

 private:
  answer ask_on(const statement& what, const parameters& with, time_point by, on_loss then,
                const core::request* acquires, std::size_t beyond);
  sql::pool<connection>::loan take(time_point by, std::size_t beyond = 0);
  sql::pool<connection>::loan lend(time_point by, std::size_t beyond);

  const options options_;
  const statements statements_;
  const duration command_timeout_;
  const duration connect_timeout_;
  const std::function<void(const status&)> warn_;
  sql::clock_watch clock_;
  lost_sessions losses_;
  std::atomic<bool> pooled_{false};
  std::atomic<bool> warned_{false};
  std::atomic<bool> crowded_{false};
  std::atomic<time_point> crowded_at_{};
  std::mutex making_;
  sql::pool<connection> pool_;
};

}  // namespace holdfast::postgres
