#pragma once

#include <atomic>
#include <cstdint>

namespace holdfast::core {

/// A mutex of 4 bytes instead of 40, for what there are very many of. Sleeps when it has to wait. No condition works
/// with it.
class small_mutex {
 public:
  small_mutex() noexcept = default;
  small_mutex(const small_mutex&) = delete;
  small_mutex& operator=(const small_mutex&) = delete;

  void lock() noexcept {
    std::uint32_t seen = free;
    if (state_.compare_exchange_strong(seen, taken, std::memory_order_acquire, std::memory_order_relaxed)) return;
    // Whoever has waited can't know that it was the only one, and leaves the mark on.
    while (state_.exchange(wanted, std::memory_order_acquire) != free) state_.wait(wanted, std::memory_order_relaxed);
  }
  void unlock() noexcept {
    if (state_.exchange(free, std::memory_order_release) == wanted) state_.notify_one();
  }

 private:
  static constexpr std::uint32_t free = 0;
  static constexpr std::uint32_t taken = 1;
  static constexpr std::uint32_t wanted = 2;  ///< Taken, and somebody may sleep.

  std::atomic<std::uint32_t> state_{free};
};

}  // namespace holdfast::core
