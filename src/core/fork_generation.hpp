#pragma once

#include <cstdint>

#include "holdfast/export.hpp"

namespace holdfast::core {

/// How many forks lie between this process and the one that loaded the library: whoever keeps a value beside
/// what belongs to one process knows by it that a fork came between. Lock-free, no system call.
HOLDFAST_EXPORT std::uint64_t fork_generation() noexcept;

}  // namespace holdfast::core
