#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "holdfast/export.hpp"

namespace holdfast::core {

/// A store's URL taken apart: `scheme:path?query` or `scheme://user:password@host:port,host:port/path?query`.
/// User, password, path and query values are percent-decoded. A value type.
struct HOLDFAST_EXPORT url {
  struct host_port {
    std::string host;
    std::string port;  ///< Empty: the store's default.
  };

  std::string scheme;          ///< Lower case.
  bool has_authority = false;  ///< Whether `//` followed the scheme.
  std::string user;
  std::string password;
  std::vector<host_port> hosts;
  std::string path;  ///< With its leading slash, if any.
  std::vector<std::pair<std::string, std::string>> query;

  /// The text as given, but `***` in the place of the password (also of a query value named password). For people.
  std::string shown;

  /// Throws holdfast::error (invalid_argument) that says what is wrong, without repeating a password.
  static url parse(std::string_view text);
  /// The last value given to `name` in the query.
  [[nodiscard]] std::optional<std::string> option(std::string_view name) const;
};

}  // namespace holdfast::core
