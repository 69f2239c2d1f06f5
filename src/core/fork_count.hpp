#pragma once

#include <cstdint>

namespace holdfast::core {

/// How many forks lie between this process and the one that loaded the library. What was made under another count
/// belongs to an ancestor: its threads are not here, its mutexes may be locked for ever.
std::uint32_t fork_count() noexcept;

}  // namespace holdfast::core
