#pragma once

#include <string>

#include "store/sql/dialect.hpp"

namespace holdfast::postgres {

/// How PostgreSQL says what the shared protocol is made of.
sql::dialect make_dialect(const sql::table_names& names);

/// Makes tables and routines where they are missing: a script of SQL, to be run by the store or by hand.
std::string schema_script(const sql::table_names& names);

}  // namespace holdfast::postgres
