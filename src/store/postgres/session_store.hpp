#pragma once

#include <memory>

#include "core/store.hpp"
#include "store/postgres/options.hpp"

namespace holdfast::postgres {

/// The store of `lock=session`: a lock that dies with the connection.
std::unique_ptr<core::store> make_session_store(options with, const core::store_options& how);

}  // namespace holdfast::postgres
