#pragma once

#include "store/postgres/engine.hpp"
#include "store/postgres/protocol.hpp"

namespace holdfast::postgres {

/// What a store and its threads share; a thread may outlive the store by a moment.
struct inside {
  inside(options with, const core::store_options& how)
      : client{core::owner_id::random()}, at{std::move(with), how}, verbs{at, client} {}

  const core::owner_id client;
  engine at;
  protocol verbs;
};

}  // namespace holdfast::postgres
