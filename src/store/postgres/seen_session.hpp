#pragma once

#include <cstdint>
#include <optional>

#include "holdfast/inspection.hpp"
#include "store/postgres/session_mark.hpp"

namespace holdfast::postgres {

/// A session that has a lock, or waits for it.
struct seen_session {
  std::int64_t key = 0;
  std::int64_t process = 0;
  bool has_it = false;
  std::optional<session_title> title;
  std::optional<session_mark> mark;
  party who;
  duration silent{};
  duration waiting{};
  duration since_token{};

  /// It is holdfast's, and has the lock, but has not said so yet.
  [[nodiscard]] bool unsettled() const noexcept { return has_it && mark && (!title || title->token == 0); }
};

}  // namespace holdfast::postgres
