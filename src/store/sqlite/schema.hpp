#pragma once

#include <string>

#include "store/sqlite/boot_identity.hpp"
#include "store/sqlite/connection.hpp"

namespace holdfast::sqlite {

/// The SQL that makes the tables, as `prepare_database` does.
std::string schema_text();

/// Makes the tables in an empty file; refuses, untouched, a file that is not holdfast's. Ends all leases of another
/// boot. Throws `failure`.
void prepare_database(connection& where, const machine& on);

}  // namespace holdfast::sqlite
