#pragma once

#include <exception>
#include <string>
#include <string_view>
#include <utility>

#include "holdfast/status.hpp"

namespace holdfast::redis {

/// Ends an attempt from within. Does not leave the connection.
class failure : public std::exception {
 public:
  explicit failure(status reason) : why{std::move(reason)} {}
  [[nodiscard]] const char* what() const noexcept override { return "holdfast::redis::failure"; }

  status why;
};

/// What an error reply means. `shown` is the store's URL with its password hidden.
status explain_reply(std::string_view text, const std::string& shown);

/// What the errno of a failed connect() to `address` means.
status explain_connect(int error, const std::string& address, const std::string& shown);
/// What getaddrinfo's code for `host` means.
status explain_resolve(int code, int error, const std::string& host, const std::string& shown);
/// The connection ended, or broke with an errno (0: the server closed it).
status explain_broken(int error, const std::string& shown);
/// Bytes that are no reply. `first` are the first of them, `fault` is the parser's word.
status explain_garbage(std::string_view first, const std::string& fault, const std::string& shown);

}  // namespace holdfast::redis
