#pragma once

#include <new>
#include <string>

#include "store/postgres/errors.hpp"

namespace holdfast::postgres {

/// Runs a verb's `body`: no exception leaves it. `unknown` is told whether it may have been carried out all the same.
template <class Body>
status guarded(const std::string& shown, Body&& body, bool* unknown = nullptr) {
  try {
    body();
    return {};
  } catch (const failure& f) {
    if (unknown != nullptr) *unknown = f.unknown;
    return f.why;
  } catch (const std::bad_alloc&) {
    return {errc::unavailable, "out of memory"};
  } catch (const std::exception& e) {
    return {errc::internal, shown + ": " + e.what()};
  }
}

}  // namespace holdfast::postgres
