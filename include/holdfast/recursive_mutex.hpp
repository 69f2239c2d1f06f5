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

/// A mutex that the thread which has it may lock again (可重入): the store sees one lease, which goes back with the last
/// unlock. Unlike `mutex` it belongs to a thread: only the one that locked it may unlock it. Reentrant through this
/// object only: another object of the same name is another contender. Thread-safe.
///
/// Locking again costs no I/O, and fails with not_held once the lease is lost: who goes on must know.
class HOLDFAST_EXPORT recursive_mutex {
 public:
  /// As mutex::mutex.
  recursive_mutex(client& of, std::string_view name, lock_options options = {});
  recursive_mutex(const recursive_mutex&) = delete;
  recursive_mutex& operator=(const recursive_mutex&) = delete;
  /// Unlocks if locked, however often.
  ~recursive_mutex();

  /// Waits for ever for the lock. Throws holdfast::error if the store fails, or if this thread has it and lost its lease.
  void lock();
  /// True if it got the lock or had it already; false if somebody else has it or waits for it. Throws like lock().
  bool try_lock();
  /// Waits at most `timeout`. False when that ran out. Throws like lock().
  template <class Rep, class Period>
  bool try_lock_for(const std::chrono::duration<Rep, Period>& timeout) {
    return lock_within(detail::timeout_of(timeout));
  }
  template <class Clock, class Duration>
  bool try_lock_until(const std::chrono::time_point<Clock, Duration>& when) {
    return lock_within(detail::timeout_of(when - Clock::now()));
  }
  /// Undoes one lock; the last one frees it as mutex::unlock does. Does nothing if this thread does not have it.
  void unlock() noexcept;

  /// lock() that throws nothing; see mutex::acquire. not_held: this thread has it, but its lease is lost.
  status acquire(wait_options wait = {}) noexcept;
  /// unlock() that tells: not_held if this thread does not have it, or (by the last one) if the lease was lost.
  status release() noexcept;
  /// See mutex::refresh. not_held if this thread does not have it.
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
