#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "core/condition.hpp"
#include "store/mysql/connection.hpp"

namespace holdfast::mysql {

/// A bounded number of connections. Each is made when no other is idle; the one used last is used next.
class pool {
 public:
  explicit pool(settings to) : to_{std::move(to)} {}

  /// A connection for the time being. It goes back, or is closed if it was spoilt.
  class loan {
   public:
    loan(pool& from, std::unique_ptr<connection> what) : from_{from}, what_{std::move(what)} {}
    ~loan() { from_.give_back(std::move(what_)); }
    loan(const loan&) = delete;
    loan& operator=(const loan&) = delete;
    connection& operator*() const noexcept { return *what_; }

   private:
    pool& from_;
    std::unique_ptr<connection> what_;
  };

  /// Throws `failure`. `beyond`: so many more than the most may be made for what can't wait for those in use.
  loan take(time_point by, std::size_t beyond = 0) { return {*this, taken(by, beyond)}; }
  /// A connection beside those of the pool, for one's own.
  std::unique_ptr<connection> make(time_point by) const;
  [[nodiscard]] const settings& to() const noexcept { return to_; }

 private:
  std::unique_ptr<connection> taken(time_point by, std::size_t beyond);
  void give_back(std::unique_ptr<connection> what) noexcept;
  void forget_one() noexcept;

  const settings to_;
  std::mutex mutex_;
  core::condition returned_;
  std::vector<std::unique_ptr<connection>> idle_;
  std::size_t made_ = 0;
};

}  // namespace holdfast::mysql
