#pragma once

#include "store/sqlite/boot_identity.hpp"
#include "store/sqlite/connection.hpp"

namespace holdfast::sqlite {

/// Makes the tables in an empty file; refuses, untouched, a file that is not holdfast's. Ends all leases of another
/// boot. Throws `failure`.
void prepare_database(connection& where, const machine& on);

}  // namespace holdfast::sqlite
