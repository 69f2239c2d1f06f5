#pragma once

#include <algorithm>
#include <mutex>
#include <vector>

#include "holdfast/observer.hpp"

namespace holdfast::test {

/// Keeps every event that it hears of. Thread-safe.
class recorder final : public observer {
 public:
  void on(const event& what) noexcept override {
    const std::lock_guard lock{mutex_};
    events_.push_back(what);
  }
  [[nodiscard]] int count(event_kind kind) const {
    const std::lock_guard lock{mutex_};
    return static_cast<int>(
        std::count_if(events_.begin(), events_.end(), [&](const event& each) { return each.kind == kind; }));
  }
  [[nodiscard]] std::vector<event> events() const {
    const std::lock_guard lock{mutex_};
    return events_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<event> events_;  // guarded by mutex_
};

}  // namespace holdfast::test
