#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/url.hpp"
#include "holdfast/clock.hpp"
#include "store/sql/dialect.hpp"

namespace holdfast::mysql {

/// What a URL `mysql://USER:PASSWORD@HOST:PORT/DATABASE?OPTIONS` says.
struct settings {
  std::vector<std::pair<std::string, unsigned>> hosts;  ///< Tried in turn.
  std::string user;
  std::string password;
  std::string database;
  std::string socket;                     ///< Of this machine, in the place of a host.
  std::string table{sql::default_table};  ///< Checked by sql::table_names.
  std::string ca;
  std::string certificate;
  std::string key;
  bool tls = false;
  bool verify = true;
  std::size_t pool = 16;  ///< Connections at most, and one more for waiters.
  duration connect_timeout{};
  std::string shown;  ///< The URL without its password.
};

/// Throws holdfast::error (invalid_argument).
settings settings_of(const core::url& where);

}  // namespace holdfast::mysql
