#pragma once

#include <exception>
#include <new>
#include <string>
#include <type_traits>

#include "holdfast/status.hpp"

namespace holdfast::core {

/// Runs the body of a store's verb, so that no exception leaves it. `Failure` is the store's own exception: its `why` is
/// the status, and `unknown` whether what was asked may have been carried out. Of any other exception nobody knows that.
/// `shown` is the store's URL. The body returns a status, or nothing where all went well.
template <class Failure, class Body>
status guarded(const std::string& shown, Body&& body, bool* unknown = nullptr) noexcept {
  const auto end = [&](bool is_unknown, status why) {
    if (unknown != nullptr) *unknown = is_unknown;
    return why;
  };
  try {
    if constexpr (std::is_void_v<std::invoke_result_t<Body>>) {
      body();
      return {};
    } else {
      return body();
    }
  } catch (const Failure& f) {
    return end(f.unknown, f.why);
  } catch (const std::bad_alloc&) {
    return end(true, {errc::unavailable, "out of memory"});
  } catch (const std::exception& e) {
    return end(true, {errc::internal, shown + ": " + e.what()});
  }
}

}  // namespace holdfast::core
