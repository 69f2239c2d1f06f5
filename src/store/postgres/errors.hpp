#pragma once

#include <exception>
#include <optional>
#include <string>
#include <string_view>

#include "holdfast/status.hpp"

namespace holdfast::postgres {

/// Ends a verb from within. Caught where the store's verbs begin.
class failure : public std::exception {
 public:
  enum class remedy : unsigned char {
    none,
    again,        ///< Nothing was done (a deadlock, say): ask again at once.
    make_tables,  ///< They are not there yet.
    reconnect,    ///< The connection is of no more use.
    use_another,  ///< The server has no room for one more: one that was made before must do.
  };

  explicit failure(status reason, remedy what = remedy::none, bool maybe_done = false)
      : why{std::move(reason)}, mend{what}, unknown{maybe_done} {}
  [[nodiscard]] const char* what() const noexcept override { return "holdfast::postgres::failure"; }

  status why;
  remedy mend = remedy::none;
  bool unknown = false;  ///< The statement may have been carried out all the same.
};

/// What an error with this SQLSTATE means that the server answered to a statement. `text` is the server's own.
failure explain(std::string_view state, const std::string& text, const std::string& shown);

/// Why no connection came about, by libpq's verbose message.
failure explain_connect(std::string message, const std::string& shown);

/// Why libpq would not even try, where that is for a parameter's sake.
std::optional<failure> explain_parameter(std::string_view message, const std::string& shown);

/// For a server that asked for a password where there is none.
failure no_password(const std::string& shown);

/// For a connection that ended, or gave no answer in time, after a statement was sent.
failure lost_answer(const std::string& message, const std::string& shown);

/// `text` on one line.
std::string one_line(std::string_view text);

}  // namespace holdfast::postgres
