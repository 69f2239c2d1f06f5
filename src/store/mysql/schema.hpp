#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "store/mysql/connection.hpp"
#include "store/sql/dialect.hpp"

namespace holdfast::mysql {

/// How MySQL and MariaDB spell the shared protocol, for tables and procedures of these names.
sql::dialect dialect_of(const sql::table_names& names);

/// The statements that make the tables and procedures, in their order. Each may be repeated, but for CREATE PROCEDURE,
/// which fails if there is one already.
std::vector<std::string> schema_statements(const sql::table_names& names);
/// The same for people: a script for the `mysql` or `mariadb` command.
std::string schema_script(const sql::table_names& names);

/// Makes what is missing. One client at a time; those that come meanwhile wait for it.
void make_schema(connection& on, const sql::table_names& names, time_point by);

/// Of the tables and procedures; another one is refused.
inline constexpr std::int64_t schema_layout = 1;

}  // namespace holdfast::mysql
