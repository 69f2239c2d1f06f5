#pragma once

#include <atomic>
<<<<<<< HEAD
#include <cstdint>

#include "core/fork_generation.hpp"
=======

#include "core/fork_count.hpp"
>>>>>>> front

namespace holdfast::core {

/// The one T of this process, made when first asked for. It is never destroyed (threads may use it while the process
/// exits), and a forked child gets one of its own: the parent's threads are not there.
template <class T>
T& per_process() {
  struct made {
<<<<<<< HEAD
    std::uint64_t forks;
=======
    std::uint32_t forks;
>>>>>>> front
    T object;
  };
  static constinit std::atomic<made*> current{nullptr};
  made* seen = current.load(std::memory_order_acquire);
<<<<<<< HEAD
  while (seen == nullptr || seen->forks != fork_generation()) {
    auto* fresh = new made{.forks = fork_generation(), .object = {}};
=======
  while (seen == nullptr || seen->forks != fork_count()) {
    auto* fresh = new made{.forks = fork_count(), .object = {}};
>>>>>>> front
    if (current.compare_exchange_strong(seen, fresh, std::memory_order_acq_rel)) return fresh->object;
    delete fresh;
  }
  return seen->object;
}

}  // namespace holdfast::core
