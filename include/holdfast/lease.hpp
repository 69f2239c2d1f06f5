#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "holdfast/clock.hpp"
#include "holdfast/export.hpp"
#include "holdfast/fencing_token.hpp"

namespace holdfast {

namespace core {
class turn;
}

/// A view of one turn: it neither holds nor prolongs anything, may be copied freely and outlive the lock.
/// Thread-safe. An empty one (of a mutex that is not locked) is never held.
class HOLDFAST_EXPORT lease {
 public:
  lease() noexcept;
  lease(const lease&) noexcept;
  lease(lease&&) noexcept;
  lease& operator=(const lease&) noexcept;
  lease& operator=(lease&&) noexcept;
  ~lease();

  /// Higher than that of every turn on the resource before it.
  [[nodiscard]] fencing_token token() const noexcept;
  /// Whether the turn still stands, decided by the clock alone: no I/O, no lock, no thread needed.
  [[nodiscard]] bool held() const noexcept;
  /// The instant after which `held()` is false unless a renewal moves it. Renewals move it.
  [[nodiscard]] time_point deadline() const noexcept;
  /// Stopped when the lease is lost before it was released: at the deadline at the latest, within the time that it takes to wake a thread.
  /// Callbacks run on the dispatcher's thread. Never stopped by a release. Without a lease: no state.
  [[nodiscard]] std::stop_token lost() const;
  /// Whether half the ttl has passed without a renewal: finish what must be finished.
  [[nodiscard]] bool in_jeopardy() const noexcept;
  /// The owner id in the store: 32 hex digits, the same for all turns of one tenure. Empty without a lease.
  [[nodiscard]] std::string owner() const;

 private:
  friend class mutex;
  friend class held_lock;
  explicit lease(std::shared_ptr<const core::turn> turn) noexcept;

  std::shared_ptr<const core::turn> turn_;
};

}  // namespace holdfast
