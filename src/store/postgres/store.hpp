#pragma once

#include "core/store.hpp"

extern "C" HOLDFAST_EXPORT const holdfast::core::store_module* holdfast_store_postgres() noexcept;
