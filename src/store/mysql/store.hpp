#pragma once

#include "core/store.hpp"

/// The store `mysql:`, for MySQL 8.0 and MariaDB 10.6 or later. Clients of one process that use the same URL share
/// connections and one poller, which tells them of their turns.

/// The entry of the store's library.
extern "C" HOLDFAST_EXPORT const holdfast::core::store_module* holdfast_store_mysql() noexcept;
