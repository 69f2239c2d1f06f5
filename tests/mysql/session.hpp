#pragma once

#include <mysql.h>

#include <stdexcept>
#include <string>

#include "support/mariadb_server.hpp"

namespace holdfast::mysql::test {

/// A third party in the database: the administrator, in a session that can keep rows locked.
class session {
 public:
  session(const holdfast::testing::mariadb_server& on, const std::string& database) {
    mysql_init(&handle_);
    const unsigned protocol = MYSQL_PROTOCOL_SOCKET;
    mysql_optionsv(&handle_, MYSQL_OPT_PROTOCOL, &protocol);
    if (mysql_real_connect(&handle_, nullptr, "root", "", database.c_str(), 0, on.socket().c_str(), 0) == nullptr)
      throw std::runtime_error{mysql_error(&handle_)};
  }
  ~session() { mysql_close(&handle_); }
  session(const session&) = delete;
  session& operator=(const session&) = delete;

  /// The server's number for the error, 0 for none.
  unsigned run(const std::string& text) {
    if (mysql_real_query(&handle_, text.data(), text.size()) != 0) return mysql_errno(&handle_);
    if (MYSQL_RES* rows = mysql_store_result(&handle_)) mysql_free_result(rows);
    return 0;
  }

 private:
  MYSQL handle_{};
};

}  // namespace holdfast::mysql::test
