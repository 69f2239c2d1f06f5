#pragma once

#include <mysql.h>

#include <string>

#include "support/mariadb_server.hpp"

namespace holdfast::bench::mysql {

/// The floor: a connection with two prepared UPDATEs of one row, each of which commits by itself.
class bare {
 public:
  /// Makes the row `name`, and the table if need be, beside those of the store.
  bare(const testing::mariadb_server& server, const std::string& database, const std::string& name);
  ~bare();
  bare(const bare&) = delete;
  bare& operator=(const bare&) = delete;
  void take_and_free();

 private:
  void run_text(const std::string& text);
  MYSQL_STMT* prepared(const std::string& text);
  [[noreturn]] void fail(const char* why) const;

  MYSQL handle_{};
  const std::string name_;
  const std::string owner_ = "0123456789abcdef";
  const std::string party_ = std::string(120, 'p');
  long long number_ = 1;
  MYSQL_STMT* take_ = nullptr;
  MYSQL_STMT* free_ = nullptr;
};

}  // namespace holdfast::bench::mysql
