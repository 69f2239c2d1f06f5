#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "core/store.hpp"
#include "store/etcd/layout.hpp"
#include "store/etcd/session.hpp"

namespace holdfast::etcd {

/// A request, and how it lies in etcd.
struct asked {
  explicit asked(const core::request& w) : what{w}, prefix{prefix_of(w.resource)}, since{wall_clock_us()} {}

  [[nodiscard]] std::string text(bool claimed) const {
    return text_of({.owner = what.owner, .claimed = claimed, .since_us = since, .party = what.party});
  }

  const core::request& what;
  const std::string prefix;
  const std::int64_t since;
  mutable std::string key;                  ///< Empty as long as it has none.
  mutable std::shared_ptr<session> single;  ///< Made for this request alone.
  mutable bool named = false;               ///< This call gave it its key's name.
  mutable bool goes_on = false;             ///< Refused, it asks again: it has not ended.
  mutable bool stood = false;               ///< Its key is, or was, in etcd.
  mutable bool waited = false;              ///< It was told that it stands in line.
  mutable std::shared_ptr<session> waits;   ///< Whose lease its key hangs on there.
};

}  // namespace holdfast::etcd
