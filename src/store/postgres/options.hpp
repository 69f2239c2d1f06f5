#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "core/url.hpp"
#include "store/sql/dialect.hpp"

namespace holdfast::postgres {

/// libpq's parameters: names and values.
using parameter_list = std::vector<std::pair<std::string, std::string>>;

/// What a URL asks for.
struct options {
  /// Throws holdfast::error (invalid_argument). libpq itself judges its parameters, at the first connection.
  explicit options(const core::url& where);

  std::string shown;  ///< The URL without its password.
  sql::table_names table;
  std::size_t pool = 16;  ///< Connections at most, besides the listener's. Made only where all are in use.
  /// libpq's own, as it takes them.
  parameter_list parameters;
};

}  // namespace holdfast::postgres
