#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <string_view>

namespace holdfast::core {

/// Remembers which resources had a queue lately: there what is best in the uncontended case is work in vain. A guess by hash; a wrong one costs time only. Thread-safe.
class contention {
 public:
  [[nodiscard]] bool likely(std::string_view name) const noexcept {
    return slots_[index(name)].load(std::memory_order_relaxed);
  }
  void saw(std::string_view name, bool queued) noexcept {
    auto& slot = slots_[index(name)];
    if (slot.load(std::memory_order_relaxed) != queued) slot.store(queued, std::memory_order_relaxed);
  }

 private:
  static constexpr std::size_t size = 1024;
  static std::size_t index(std::string_view name) noexcept { return std::hash<std::string_view>{}(name) % size; }
  std::array<std::atomic<bool>, size> slots_{};
};

}  // namespace holdfast::core
