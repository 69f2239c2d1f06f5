#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "store/mysql/errors.hpp"
#include "store/mysql/poller.hpp"
#include "store/mysql/pool.hpp"
#include "store/mysql/protocol.hpp"

namespace holdfast::mysql {

/// What all clients of one process share that use the same URL: connections, the poller, what is known of the server.
class hub {
 public:
  explicit hub(const settings& to);
  /// The one of this process for these settings, made if need be. (A forked child makes its own.)
  static std::shared_ptr<hub> of(const settings& to);

  /// Carries out `body(connection&)`, anew where the server undid it for another transaction's sake. Throws `failure`.
  /// `beyond` the pool: see there.
  template <class Body>
  auto run(time_point by, Body&& body, std::size_t beyond = 0) {
    std::optional<status> before;
    for (unsigned tries = 0;; ++tries) {
      try {
        const auto loan = pool_->take(by, beyond);
        make_ready(*loan, by);
        return body(*loan);
      } catch (failure& why) {
        if (!may_try_again(why, tries, by)) {
          if (before) add_what_came_before(why, *before);
          throw;
        }
        before = why.why;
      }
    }
  }

  protocol& tables() noexcept { return *tables_; }
  poller& waiters() noexcept { return poller_; }
  [[nodiscard]] const std::string& shown() const noexcept { return pool_->to().shown; }
  [[nodiscard]] const sql::table_names& names() const noexcept { return names_; }

 private:
  void make_ready(connection& on, time_point by);
  bool may_try_again(const failure& why, unsigned tries, time_point by);
  /// A deadline alone does not tell what it passed with.
  void add_what_came_before(failure& to, const status& before) const;

  const sql::table_names names_;
  const std::shared_ptr<pool> pool_;
  const std::shared_ptr<protocol> tables_;
  std::atomic<bool> ready_{false};
  std::atomic<bool> incomplete_{false};  ///< One of the tables or procedures was found missing.
  poller poller_;
};

}  // namespace holdfast::mysql
