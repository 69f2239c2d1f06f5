#pragma once

#include <atomic>
#include <cstdint>

#include "core/fork_generation.hpp"

namespace holdfast::core {

/// The one T of this process, made when first asked for. It is never destroyed (threads may use it while the process
/// exits), and a forked child gets one of its own: the parent's threads are not there.
template <class T>
T& per_process() {
  struct made {
    std::uint64_t forks;
    T object;
  };
  static constinit std::atomic<made*> current{nullptr};
  made* seen = current.load(std::memory_order_acquire);
  while (seen == nullptr || seen->forks != fork_generation()) {
    auto* fresh = new made{.forks = fork_generation(), .object = {}};
    if (current.compare_exchange_strong(seen, fresh, std::memory_order_acq_rel)) return fresh->object;
    delete fresh;
  }
  return seen->object;
}

}  // namespace holdfast::core
