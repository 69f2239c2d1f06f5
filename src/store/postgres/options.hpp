#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/url.hpp"
#include "store/sql/dialect.hpp"

namespace holdfast::postgres {

/// libpq's parameters: names and values.
using parameter_list = std::vector<std::pair<std::string, std::string>>;

/// What keeps a lock: a row that is leased, or an advisory lock of a session.
enum class lock_kind : std::uint8_t { lease, session };

/// What a URL asks for.
struct options {
  /// Throws holdfast::error (invalid_argument). libpq itself judges its parameters, at the first connection.
  explicit options(const core::url& where);

  std::string shown;  ///< The URL without its password.
  sql::table_names table;
  lock_kind lock = lock_kind::lease;
  /// Connections at most: for leases, besides the listener's, and made only where all are in use; for sessions, one for
  /// each lock held or waited for.
  std::size_t pool = 16;
  /// libpq's own, as it takes them.
  parameter_list parameters;
};

}  // namespace holdfast::postgres
