#pragma once

#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

#include "holdfast/clock.hpp"

namespace holdfast::core {

/// The place of one object in one timer_heap; a member of the object.
struct timer_hook {
  static constexpr std::size_t nowhere = std::numeric_limits<std::size_t>::max();
  time_point at{};
  std::size_t index = nowhere;
  [[nodiscard]] bool set() const noexcept { return index != nowhere; }
};

/// Objects ordered by when they are due, the earliest first: a binary heap that an object can leave in O(log n), since
/// its hook knows its place. Does not own the objects. Not thread-safe.
template <class T, timer_hook T::*Hook>
class timer_heap {
 public:
  [[nodiscard]] bool empty() const noexcept { return items_.empty(); }
  [[nodiscard]] T& top() const noexcept { return *items_.front(); }
  /// In no order.
  [[nodiscard]] const std::vector<T*>& all() const noexcept { return items_; }
  [[nodiscard]] time_point earliest() const noexcept { return items_.empty() ? time_point::max() : at(0); }

  /// Puts `item` in, or moves it, to be due at `when`.
  void set(T& item, time_point when) {
    timer_hook& hook = item.*Hook;
    if (!hook.set()) {
      items_.push_back(&item);
      hook.index = items_.size() - 1;
    }
    hook.at = when;
    sift_up(hook.index);
    sift_down(hook.index);
  }

  void remove(T& item) noexcept {
    timer_hook& hook = item.*Hook;
    if (!hook.set()) return;
    const std::size_t hole = hook.index;
    hook.index = timer_hook::nowhere;
    T* last = items_.back();
    items_.pop_back();
    if (last == &item) return;
    place(hole, last);
    sift_up(hole);
    sift_down((last->*Hook).index);
  }

 private:
  [[nodiscard]] time_point at(std::size_t i) const noexcept { return (items_[i]->*Hook).at; }
  void place(std::size_t i, T* item) noexcept {
    items_[i] = item;
    (item->*Hook).index = i;
  }
  void swap(std::size_t a, std::size_t b) noexcept {
    T* first = items_[a];
    place(a, items_[b]);
    place(b, first);
  }
  void sift_up(std::size_t i) noexcept {
    for (; i > 0 && at(i) < at((i - 1) / 2); i = (i - 1) / 2) swap(i, (i - 1) / 2);
  }
  void sift_down(std::size_t i) noexcept {
    for (;;) {
      std::size_t least = i;
      for (std::size_t child = 2 * i + 1; child <= 2 * i + 2; ++child)
        if (child < items_.size() && at(child) < at(least)) least = child;
      if (least == i) return;
      swap(i, least);
      i = least;
    }
  }

  std::vector<T*> items_;
};

}  // namespace holdfast::core
