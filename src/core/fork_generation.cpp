#include "core/fork_generation.hpp"

#include <pthread.h>

#include <atomic>

namespace holdfast::core {

namespace {

std::atomic<std::uint64_t> generation{0};

extern "C" void holdfast_after_fork_in_child() { generation.fetch_add(1, std::memory_order_relaxed); }

// Registered when the library is loaded, so before anything could have been made that a fork would copy.
[[maybe_unused]] const int registered = pthread_atfork(nullptr, nullptr, holdfast_after_fork_in_child);

}  // namespace

std::uint64_t fork_generation() noexcept { return generation.load(std::memory_order_relaxed); }

}  // namespace holdfast::core
