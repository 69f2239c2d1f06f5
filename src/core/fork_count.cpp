#include "core/fork_count.hpp"

#include <pthread.h>

#include <atomic>

namespace holdfast::core {

namespace {

constinit std::atomic<std::uint32_t> forks{0};

// Registered when the library is loaded, so before any object of ours can be made.
[[maybe_unused]] const int registered =
    pthread_atfork(nullptr, nullptr, [] { forks.fetch_add(1, std::memory_order_relaxed); });

}  // namespace

std::uint32_t fork_count() noexcept { return forks.load(std::memory_order_relaxed); }

}  // namespace holdfast::core
