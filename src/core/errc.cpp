#include "holdfast/errc.hpp"

#include <string>

namespace holdfast {

namespace {

const char* text(errc code) noexcept {
  switch (code) {
    case errc::busy:
      return "somebody else holds the lock or waits for it";
    case errc::timed_out:
      return "the wait for the lock timed out";
    case errc::cancelled:
      return "the wait for the lock was cancelled";
    case errc::not_held:
      return "the lock is not held, or no longer";
    case errc::unavailable:
      return "the store can't be reached or did not answer in time";
    case errc::outcome_unknown:
      return "the store's answer was lost: it is unknown whether the request was carried out";
    case errc::not_authorised:
      return "the store refused the credentials or the right to do this";
    case errc::misconfigured:
      return "the store is not fit to keep locks as it is set up";
    case errc::unsupported:
      return "this store can't do what was asked";
    case errc::invalid_argument:
      return "invalid argument";
    case errc::wrong_kind:
      return "the name is in use as another kind of lock";
    case errc::closed:
      return "the client was closed";
    case errc::forked:
      return "the object belongs to the process that forked this one";
    case errc::internal:
      return "internal error of holdfast";
  }
  return "unknown error of holdfast";
}

class category final : public std::error_category {
 public:
  const char* name() const noexcept override { return "holdfast"; }
  std::string message(int code) const override { return text(static_cast<errc>(code)); }
};

}  // namespace

const std::error_category& error_category() noexcept {
  // Never destroyed: codes may be read while the process ends.
  static const category* const instance = new category;
  return *instance;
}

std::error_code make_error_code(errc code) noexcept { return {static_cast<int>(code), error_category()}; }

}  // namespace holdfast
