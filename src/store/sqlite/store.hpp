#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/store.hpp"
#include "store/sqlite/boot_identity.hpp"

namespace holdfast::sqlite {

using warn_function = std::function<void(const status&)>;

/// A store on the database `path` (absolute), called `shown` in messages. `on`: for tests, instead of this machine.
std::unique_ptr<core::store> open_store(std::string path, std::string shown, warn_function warn = {},
                                        std::optional<machine> on = std::nullopt);

/// The path that a URL means. Throws holdfast::error on one that is no `sqlite:PATH`.
std::string path_of(const core::url& where);

}  // namespace holdfast::sqlite

extern "C" HOLDFAST_EXPORT const holdfast::core::store_module* holdfast_store_sqlite() noexcept;
