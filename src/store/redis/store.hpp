#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/store.hpp"
#include "store/redis/channel.hpp"
#include "store/redis/ear.hpp"

namespace holdfast::redis {

/// What a store reaches its server through.
struct links {
  std::unique_ptr<channel> verbs;   ///< For the threads that ask for turns and end them.
  std::unique_ptr<channel> keeper;  ///< For renewals and heartbeats, so that none waits behind those.
  make_ear listen;
  std::string shown;  ///< The server, for messages.
  std::function<void(const status&)> warn;
};

std::unique_ptr<core::store> open_store(links with);

}  // namespace holdfast::redis

extern "C" HOLDFAST_EXPORT const holdfast::core::store_module* holdfast_store_redis() noexcept;
