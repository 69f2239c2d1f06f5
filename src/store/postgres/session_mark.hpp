#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/owner_id.hpp"

/// What a session says of itself where other sessions can read it, since a lock of the server's own has no row to keep that
/// in: its `application_name`, which all may see, and a comment before its latest statement, which its own role and
/// those that may read statistics see. For people only: no grant rests on it.
namespace holdfast::postgres {

/// The comment: whose lock the session is about.
struct session_mark {
  std::string name;
  std::int64_t ttl_ms = 0;
  std::string party;
};

/// Fits, with the statement that follows it, into what the server keeps of a statement; the party is cut to that.
std::string write_mark(const session_mark& what);
/// Of a statement as the server shows it; nothing if it does not begin with a mark.
std::optional<session_mark> read_mark(std::string_view statement);

/// The application_name: `holdfast TOKEN OWNER`, `holdfast TOKEN OWNER ?` before the claim, `holdfast waits OWNER`.
/// The statements (session_statements.hpp) write it.
struct session_title {
  core::owner_id owner;
  std::uint64_t token = 0;  ///< 0: it waits.
  bool claimed = false;
};
std::optional<session_title> read_title(std::string_view application_name);

}  // namespace holdfast::postgres
