#pragma once

#include <memory>

#include "holdfast/clock.hpp"
#include "holdfast/export.hpp"

namespace holdfast::core {

/// The clock that clients without one of their own use: boot_clock. One for the whole process.
HOLDFAST_EXPORT std::shared_ptr<const clock> system_clock();

}  // namespace holdfast::core
