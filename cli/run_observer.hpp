#pragma once

#include "holdfast/observer.hpp"

namespace holdfast::cli {

/// Tells people what befalls the lock while the command runs, and wakes the supervisor when it is lost.
class run_observer final : public observer {
 public:
  /// Throws std::system_error where the process has no file descriptor left.
  run_observer();
  run_observer(const run_observer&) = delete;
  run_observer& operator=(const run_observer&) = delete;
  ~run_observer() override;

  void on(const event& what) noexcept override;
  /// All but what `run` itself tells of, in order with the rest of what it does.
  [[nodiscard]] bool wants(event_kind kind) const noexcept override;
  /// An eventfd that becomes readable when the lease is lost.
  [[nodiscard]] int lost_event() const noexcept { return lost_event_; }

 private:
  void tell(const event& what) const;

  const int lost_event_;
};

}  // namespace holdfast::cli
