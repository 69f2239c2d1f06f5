#pragma once

#include <exception>
#include <string>
#include <utility>

#include "holdfast/status.hpp"

namespace holdfast::mysql {

/// Ends a verb from within. Caught where the store's verbs begin.
class failure : public std::exception {
 public:
  enum class remedy : std::uint8_t {
    none,
    again,        ///< The server undid it for the sake of another transaction: send it anew.
    wait_again,   ///< The same, after it waited for `lock_wait` in vain.
    make_tables,  ///< The tables or procedures are missing.
    is_there,     ///< What was to be made was made before.
  };

  explicit failure(status reason, bool maybe_done = false, bool connection_is_spoilt = false, remedy by = remedy::none)
      : why{std::move(reason)}, unknown{maybe_done}, spoilt{connection_is_spoilt}, mends{by} {}
  [[nodiscard]] const char* what() const noexcept override { return "holdfast::mysql::failure"; }

  status why;
  bool unknown = false;  ///< The statement may have been carried out all the same.
  bool spoilt = false;   ///< The connection is of no more use.
  remedy mends = remedy::none;
};

/// What the error `code` of the server or of its client library means, `text` being its own message. `shown` is the
/// store's URL without its password.
failure explain(unsigned code, const std::string& text, const std::string& shown);
/// The same while a connection is being made: nothing was asked of the server yet.
failure explain_connect(unsigned code, const std::string& text, const std::string& shown);
/// The deadline passed before the answer came.
failure too_late(const std::string& shown, const std::string& what, bool sent);

}  // namespace holdfast::mysql
