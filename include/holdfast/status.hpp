#pragma once

#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include "holdfast/errc.hpp"
#include "holdfast/export.hpp"

namespace holdfast {

/// How a call ended: a std::error_code and, if it failed, a sentence that says what happened, where (the store's URL
/// with its password hidden, the resource) and what to do. A value type; two threads may not change one at once.
class [[nodiscard]] status {
 public:
  /// Success.
  status() noexcept = default;
  status(errc code, std::string message = {}) : code_{code}, message_{std::move(message)} {}

  [[nodiscard]] bool ok() const noexcept { return !code_; }
  explicit operator bool() const noexcept { return ok(); }
  [[nodiscard]] const std::error_code& code() const noexcept { return code_; }
  /// Empty on success, else never empty.
  [[nodiscard]] std::string message() const { return message_.empty() && code_ ? code_.message() : message_; }

  friend bool operator==(const status& a, errc b) noexcept { return a.code_ == make_error_code(b); }

 private:
  std::error_code code_;
  std::string message_;
};

/// What the calls of standard shape (lock, try_lock, ...) throw when the store fails.
class HOLDFAST_EXPORT error : public std::system_error {
 public:
  explicit error(const status& why);
  ~error() override;
  /// The message without the category's text, as in `status::message()`.
  [[nodiscard]] const char* what() const noexcept override;

 private:
  // A system_error appends its code's text to what() and copies must not throw: it keeps a second, shared string.
  std::runtime_error message_;
};

}  // namespace holdfast
