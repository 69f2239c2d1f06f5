#pragma once

#include <memory>

#include "core/store.hpp"
#include "holdfast/export.hpp"

/// The store `memory:`, in this process alone. `memory:` is private to each client; `memory:NAME` is one place for all
/// clients of the process that name it, while one of them lives. Clients of one place must use one clock.
///
/// Its hints come on the thread whose verb handed the resource on, with no mutex of the store held but the
/// receiver's own: a callback must not block, and may destroy the store that calls it.

/// The entry of the store's library.
extern "C" HOLDFAST_EXPORT const holdfast::core::store_module* holdfast_store_memory() noexcept;
