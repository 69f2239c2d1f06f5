#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/store.hpp"
#include "store/postgres/connection.hpp"
#include "store/postgres/session_mark.hpp"
#include "store/sql/pool.hpp"

namespace holdfast::postgres {

/// One owner's request and the session that waits for its lock, or has it. In the hands of one thread at a time.
struct session_tenure {
  enum class state : std::uint8_t {
    fresh,    ///< Nothing was asked yet, or all is done.
    waiting,  ///< The session waits in the server's queue.
    given,    ///< It has the lock, which awaits its claim.
    held,
    ended,  ///< There is no session any more, and so no lock.
  };

  session_tenure(core::owner_id whose, std::string name) : owner{whose}, resource{std::move(name)} {}

  /// The session is gone, with whatever it had.
  void end() noexcept {
    if (on) on->drop();
    on.reset();
    asked = false;
    is = state::ended;
  }
  void lend(sql::pool<connection>::loan session) { on.emplace(std::move(session)); }
  /// The same, and nobody will ask for it any more.
  void forget() noexcept {
    end();
    is = state::fresh;
  }
  /// Its session goes back for others' use.
  void give_back() noexcept {
    on.reset();
    asked = false;
    is = state::fresh;
  }

  const core::owner_id owner;
  const std::string resource;
  state is = state::fresh;
  std::optional<sql::pool<connection>::loan> on;
  std::uint64_t token = 0;
  duration ttl{};
  std::string party;
  /// A renewal was sent whose answer has not been read.
  bool asked = false;
};

/// How long the server bears with a silent session; it can't count further than 24 days, and takes 0 for ever.
inline std::string limit_of(duration ttl) {
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(ttl).count();
  return ms > std::numeric_limits<std::int32_t>::max() ? "0" : std::to_string(ms);
}

/// A statement that tells whose lock it is about.
inline std::string marked(const session_tenure& of, duration ttl, std::string_view text) {
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(ttl).count();
  return write_mark({of.resource, ms, of.party}).append(text);
}

}  // namespace holdfast::postgres
