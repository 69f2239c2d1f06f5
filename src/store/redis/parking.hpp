#pragma once

#include <atomic>
#include <cstdint>

#include "holdfast/clock.hpp"

namespace holdfast::redis {

/// Where one thread sleeps until another signals. Signalled without a mutex, so that whoever wakes does not find one
/// taken; and the signaller touches it no more once the sleeper may have gone (but for the address, for the kernel).
class parking {
 public:
  /// True once signalled; false if `until` passed first. Then a signal may still come.
  bool wait(time_point until) noexcept;
  void signal() noexcept;
  /// Ready for the next signal; by the sleeper, after it had one.
  void reset() noexcept { state_.store(idle, std::memory_order_relaxed); }

 private:
  static constexpr std::uint32_t idle = 0;
  static constexpr std::uint32_t signalled = 1;
  static constexpr std::uint32_t asleep = 2;

  std::atomic<std::uint32_t> state_{idle};
};

}  // namespace holdfast::redis
