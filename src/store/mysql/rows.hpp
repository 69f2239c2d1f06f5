#pragma once

#include <mysql.h>

#include <cstdint>
#include <string>
#include <vector>

namespace holdfast::mysql {

struct cell {
  bool null = true;
  std::int64_t number = 0;
  std::string bytes;
};

/// Reads all that a statement that was carried out answered; false on an error of that statement's.
bool read_rows(MYSQL_STMT* from, std::vector<std::vector<cell>>& into);

}  // namespace holdfast::mysql
