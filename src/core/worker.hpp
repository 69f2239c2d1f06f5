#pragma once

#include <functional>
#include <thread>

#include "holdfast/export.hpp"

namespace holdfast::core {

/// A thread named `name` (15 bytes count) in which every signal is blocked: a program's handlers run on its own
/// threads. Throws std::system_error when the system has no thread left.
HOLDFAST_EXPORT std::thread start_worker(const char* name, std::function<void()> body);

/// Waits for a worker that was told to end. On that very thread, where nobody can wait for it, it is let go instead: it
/// owns what it needs. Nothing for a thread that is none.
HOLDFAST_EXPORT void leave_worker(std::thread& which) noexcept;

}  // namespace holdfast::core
