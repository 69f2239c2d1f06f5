#pragma once

#include <memory>

#include "core/store.hpp"
#include "core/url.hpp"

namespace holdfast::core {

/// Finds the store that serves the URL's scheme: linked into the program, or (shared builds) loaded from the folder
/// `holdfast` beside the library. Throws holdfast::error: invalid_argument for a scheme that nobody knows,
/// misconfigured for one whose store is not there or is of another version, and whatever the store says of the URL.
std::shared_ptr<store> open_store(const url& where, const store_options& options);

}  // namespace holdfast::core
