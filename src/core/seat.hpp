#pragma once

#include <memory>
#include <optional>
#include <stop_token>

#include "core/client_core.hpp"
#include "core/condition.hpp"
#include "core/gate.hpp"
#include "core/resource.hpp"
#include "core/turn.hpp"
#include "holdfast/options.hpp"
#include "holdfast/status.hpp"

namespace holdfast::core {

/// A thread that waits for its turn. Lives on that thread's stack.
struct resource::seat {
  const std::shared_ptr<client_core>& client;
  const lock_options& options;
  std::stop_token stop;
  time_point limit;
  bool waits;
  bool has_sat = false;
  bool leaving = false;  ///< Withdraws the request that it drove.
  gate::ticket ticket = 0;
  std::shared_ptr<turn> passed;  ///< The turn that another thread's unlock made for this one.
  condition wake;

  /// Why this thread must stop waiting, if it must.
  [[nodiscard]] std::optional<status> wants_out() const {
    if (client->closed()) return status{errc::closed, "the client was closed while waiting"};
    if (stop.stop_requested()) return status{errc::cancelled};
    if (client->now() >= limit) return status{errc::timed_out};
    return std::nullopt;
  }
};

}  // namespace holdfast::core
