#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "store/postgres/inside.hpp"

namespace holdfast::postgres {

/// Forgets names that nobody has used for long, in the background, a few at a time: names come and go, and now and then
/// some that came make some go.
class housekeeper {
 public:
  explicit housekeeper(std::shared_ptr<inside> of);
  ~housekeeper();
  housekeeper(const housekeeper&) = delete;
  housekeeper& operator=(const housekeeper&) = delete;

  /// `what` was granted, perhaps under a new name.
  void granted(const core::request& what);

 private:
  struct state;
  const std::shared_ptr<state> state_;
};

/// Looks through some more names, from after `cursor` on (core/store.hpp); at the last it gives the server the room back.
void clean_up_by_hand(inside& in, std::string& cursor, std::uint64_t& forgotten, time_point by);

/// What clean-up spares: names whose last token the clock has not left behind so far.
inline constexpr duration clean_margin = std::chrono::hours{1};

}  // namespace holdfast::postgres
