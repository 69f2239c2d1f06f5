#pragma once

#include <exception>
#include <string>

#include "holdfast/status.hpp"

namespace holdfast::sqlite {

/// Ends a verb from within. Caught where the store's verbs begin.
class failure : public std::exception {
 public:
  explicit failure(status reason, bool maybe_done = false, bool open_anew = false)
      : why{std::move(reason)}, unknown{maybe_done}, reopen{open_anew} {}
  [[nodiscard]] const char* what() const noexcept override { return "holdfast::sqlite::failure"; }

  status why;
  bool unknown = false;  ///< The transaction may have been committed all the same.
  bool reopen = false;   ///< The connection is of no more use.
};

/// What SQLite's result `code` means, `system_errno` being the failed call's (0: none) and `detail` SQLite's own text.
status explain(int code, int system_errno, const std::string& detail, const std::string& shown);

/// What the errno of a failed open() of the database, or of a file beside it, means.
status explain_open(int system_errno, const std::string& path, const std::string& shown);

/// Whether a connection that met `code` should be dropped.
bool spoils_connection(int code) noexcept;

}  // namespace holdfast::sqlite
