#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "holdfast/clock.hpp"

namespace holdfast::sim {

/// The simulated clock (every client's boot clock) and what is to happen at its points. Things due at one instant happen
/// in the order in which they were asked for.
class timeline {
 public:
  using action = std::function<void()>;

  [[nodiscard]] time_point now() const noexcept { return now_; }
  void at(time_point when, action what) {
    heap_.push_back({std::max(when, now_), ++last_, std::move(what)});
    std::push_heap(heap_.begin(), heap_.end(), later{});
  }
  void after(duration pause, action what) { at(now_ + pause, std::move(what)); }
  /// Goes on to the next thing; false when there is none.
  bool step() {
    if (heap_.empty()) return false;
    std::pop_heap(heap_.begin(), heap_.end(), later{});
    auto next = std::move(heap_.back());
    heap_.pop_back();
    now_ = next.when;
    ++steps_;
    next.what();
    return true;
  }
  [[nodiscard]] std::uint64_t steps() const noexcept { return steps_; }

 private:
  struct entry {
    time_point when;
    std::uint64_t order;
    action what;
  };
  struct later {
    bool operator()(const entry& a, const entry& b) const noexcept {
      return a.when != b.when ? a.when > b.when : a.order > b.order;
    }
  };
  std::vector<entry> heap_;
  time_point now_{std::chrono::hours{1}};
  std::uint64_t last_ = 0;
  std::uint64_t steps_ = 0;
};

}  // namespace holdfast::sim
