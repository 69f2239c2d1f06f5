#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "holdfast/clock.hpp"

namespace holdfast::sql {

/// At most so many connections, each made when there is no idle one, and lent to one thread at a time. Thread-safe.
template <class Connection>
class pool {
 public:
  using maker = std::function<std::unique_ptr<Connection>(time_point by)>;

  /// Of more than `keep` idle ones those go that nobody has used for `spare`.
  pool(std::size_t most, maker make, std::size_t keep = SIZE_MAX, duration spare = duration::max())
      : most_{most}, make_{std::move(make)}, keep_{keep}, spare_{spare} {
    idle_.reserve(most);
  }

  /// A connection in the hands of one thread; goes back unless `drop` was called. Empty if none was free in time.
  class loan {
   public:
    loan() = default;
    loan(pool& of, std::unique_ptr<Connection> lent) : of_{&of}, lent_{std::move(lent)} {}
    loan(loan&& other) noexcept : of_{std::exchange(other.of_, nullptr)}, lent_{std::move(other.lent_)} {}
    loan& operator=(loan&&) = delete;
    ~loan() {
      if (of_ != nullptr) of_->take_back(std::move(lent_));
    }
    void drop() noexcept { lent_.reset(); }
    explicit operator bool() const noexcept { return lent_ != nullptr; }
    Connection& operator*() const noexcept { return *lent_; }
    Connection* operator->() const noexcept { return lent_.get(); }

   private:
    pool* of_ = nullptr;
    std::unique_ptr<Connection> lent_;
  };

  /// Throws what `make` throws. The latest used comes first, so that those that nobody needs stay idle. `beyond`: so many
  /// more than the most may be made for what can't wait for those in use.
  loan take(time_point by, std::size_t beyond = 0) {
    {
      std::unique_lock lock{mutex_};
      while (idle_.empty() && count_ >= most_ + beyond) {
        const auto left = by - boot_clock::now();
        if (left <= duration::zero()) return {};
        freed_.wait_for(lock, std::min<duration>(left, std::chrono::hours{1}));
      }
      if (!idle_.empty()) return latest();
      ++count_;
    }
    try {
      return {*this, make_(by)};
    } catch (...) {
      take_back(nullptr);
      throw;
    }
  }

  /// One that was made before, for who can't have another made. Empty if there is none, or none was free in time.
  loan take_made(time_point by) {
    std::unique_lock lock{mutex_};
    while (idle_.empty()) {
      const auto left = by - boot_clock::now();
      if (count_ == 0 || left <= duration::zero()) return {};
      freed_.wait_for(lock, std::min<duration>(left, std::chrono::hours{1}));
    }
    return latest();
  }

  /// Closes those that are idle: one of them was found broken.
  void drop_idle() noexcept {
    std::vector<idle> gone;
    const std::lock_guard lock{mutex_};
    gone.swap(idle_);
    count_ -= gone.size();
    freed_.notify_all();
  }

 private:
  struct idle {
    std::unique_ptr<Connection> connection;
    time_point since;
  };

  /// mutex_ is held.
  loan latest() {
    auto found = std::move(idle_.back().connection);
    idle_.pop_back();
    return {*this, std::move(found)};
  }

  void take_back(std::unique_ptr<Connection> back) noexcept {
    idle gone;  // Closed after the mutex is given back.
    const std::lock_guard lock{mutex_};
    if (back && count_ <= most_) {
      const auto now = spare_ == duration::max() ? time_point{} : boot_clock::now();
      if (idle_.size() >= keep_ && now - idle_.front().since > spare_) {
        gone = std::move(idle_.front());
        idle_.erase(idle_.begin());
        --count_;
      }
      idle_.push_back({std::move(back), now});
    } else {
      --count_;
    }
    freed_.notify_all();  // Not each that waits can do with what has become free.
  }

  const std::size_t most_;
  const maker make_;
  const std::size_t keep_;
  const duration spare_;
  std::mutex mutex_;
  std::condition_variable freed_;
  std::vector<idle> idle_;  // guarded by mutex_, like all below
  std::size_t count_ = 0;
};

}  // namespace holdfast::sql
