#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/store.hpp"
#include "store/etcd/transport.hpp"

namespace holdfast::etcd {

using warn_function = std::function<void(const status&)>;

/// A store over that transport, called `shown` in messages.
std::unique_ptr<core::store> open_store(std::unique_ptr<transport> with, std::string shown, warn_function warn);

}  // namespace holdfast::etcd

extern "C" HOLDFAST_EXPORT const holdfast::core::store_module* holdfast_store_etcd() noexcept;
