#pragma once

#include <memory>
#include <string>

#include "holdfast/clock.hpp"
#include "holdfast/export.hpp"
#include "holdfast/lease.hpp"
#include "holdfast/status.hpp"

namespace holdfast {

/// A lock that is held as long as this object lives: what client::acquire returns. Movable; releases when destroyed,
/// as mutex::unlock does. One thread at a time may use one object.
class HOLDFAST_EXPORT held_lock {
 public:
  /// Holds nothing.
  held_lock() noexcept;
  held_lock(held_lock&&) noexcept;
  held_lock& operator=(held_lock&&) noexcept;
  ~held_lock();

  /// Whether it was acquired and not released since; the lease itself may be lost (see lease().held()).
  [[nodiscard]] bool owns_lock() const noexcept;
  explicit operator bool() const noexcept { return owns_lock(); }
  [[nodiscard]] holdfast::lease lease() const;
  [[nodiscard]] std::string name() const;

  /// See mutex::release and mutex::refresh.
  status release() noexcept;
  status refresh(duration ttl) noexcept;

 private:
  friend class client;
  std::shared_ptr<core::turn> turn_;
};

}  // namespace holdfast
