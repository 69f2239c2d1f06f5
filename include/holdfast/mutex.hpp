#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "holdfast/client.hpp"
#include "holdfast/export.hpp"
#include "holdfast/lease.hpp"
#include "holdfast/options.hpp"
#include "holdfast/status.hpp"

namespace holdfast {

/// A lock on one resource, exclusive over threads, processes and hosts. Meets the standard's Lockable and TimedLockable, so
/// std::unique_lock, std::scoped_lock and std::lock work with it.
///
/// One object is one lock: threads may share it (as they would a std::mutex) or make one each, and it may be unlocked
/// by another thread than locked it. Not recursive (see recursive_mutex). Thread-safe.
/// A lost lease leaves the object locked until its unlock(), so that a late unlock can't free what another thread
/// has locked through it since.
class HOLDFAST_EXPORT mutex {
 public:
  /// Does no I/O. Throws holdfast::error (invalid_argument) if the name is empty, longer than 255 bytes or holds a NUL,
  /// or the ttl is out of range.
  mutex(client& of, std::string_view name, lock_options options = {});
  mutex(const mutex&) = delete;
  mutex& operator=(const mutex&) = delete;
  /// Unlocks if locked.
  ~mutex();

  /// Waits for ever for the lock. Throws holdfast::error if the store fails.
  void lock();
  /// True if it got the lock, false if somebody has it or waits for it: it never queues. Throws if the store fails.
  bool try_lock();
  /// Waits at most `timeout`. False when that ran out. Throws if the store fails.
  template <class Rep, class Period>
  bool try_lock_for(const std::chrono::duration<Rep, Period>& timeout) {
    return lock_within(detail::timeout_of(timeout));
  }
  template <class Clock, class Duration>
  bool try_lock_until(const std::chrono::time_point<Clock, Duration>& when) {
    return lock_within(detail::timeout_of(when - Clock::now()));
  }
  /// Frees it locally at once and tells the store with one try of at most command_timeout; if that can't be confirmed,
  /// the keeper goes on and the observer hears of it. Does nothing if it isn't locked.
  void unlock() noexcept;

  /// lock() with a timeout and a stop_token, that throws nothing: ok, or busy, timed_out, cancelled, unavailable, ...
  /// Blocks as long as `wait` allows, plus at most one command_timeout to leave the queue.
  status acquire(wait_options wait = {}) noexcept;
  /// unlock() that tells: not_held if the lease was lost before (another may hold it), outcome_unknown if the store
  /// did not confirm within command_timeout (the keeper goes on).
  status release() noexcept;
  /// Renews now, from now on with this ttl. not_held if the lease is lost. Blocks up to command_timeout.
  status refresh(duration ttl) noexcept;

  /// The current turn; an empty one when not locked.
  [[nodiscard]] holdfast::lease lease() const;
  [[nodiscard]] const std::string& name() const noexcept;

 private:
  class impl;

  bool lock_within(duration timeout);

  std::unique_ptr<impl> impl_;
};

}  // namespace holdfast
