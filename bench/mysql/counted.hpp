#pragma once

#include <string>

#include "support/mariadb_server.hpp"

namespace holdfast::bench::mysql {

/// Prepared statements that the server has carried out.
inline long executed(const testing::mariadb_server& server) {
  const auto line = server.admin("SHOW GLOBAL STATUS LIKE 'Com_stmt_execute'");
  return std::stol(line.substr(line.find('\t') + 1));
}

}  // namespace holdfast::bench::mysql
