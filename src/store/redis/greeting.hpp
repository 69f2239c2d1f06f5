#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "store/redis/transport.hpp"

namespace holdfast::redis {

/// How the server knows one connection of ours.
struct identity {
  std::int64_t id = 0;  ///< CLIENT ID; 0 where the server does not tell it.
  std::string name;     ///< CLIENT SETNAME; of this connection alone, also over a restart of the server.
};

/// Logs in, chooses the database and gives the connection a name, all in one round trip. `more` are further commands
/// for the same trip; their replies are left in `answers`. Throws `failure`.
identity greet(transport& with, parser& reader, const settings& where,
               const std::vector<std::vector<std::string_view>>& more, std::vector<reply>& answers, time_point by);

/// Asks the server to drop `other`, a connection of ours that broke. True once the server has it no more, so that nothing
/// that was sent on it can be carried out any more. Throws `failure` when this connection fails.
bool drop(transport& with, parser& reader, const settings& where, const identity& other, time_point by);

}  // namespace holdfast::redis
