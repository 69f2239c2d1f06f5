#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "holdfast/export.hpp"

/// How URLs are shown to people: without their passwords, also where nobody can tell what the password is.
namespace holdfast::core {

/// The scheme's length, or npos where the text has none.
std::size_t scheme_length(std::string_view text);

/// Whether what follows the scheme is a path, in which no user stands.
bool names_a_path(std::string_view scheme);

/// For text that is no good URL, so that nobody knows where its password ends: whatever may be a part of one is hidden.
std::string shown_blindly(std::string_view text);

/// A command line, its arguments separated by zero bytes, without the passwords of the URLs in it.
HOLDFAST_EXPORT std::string shown_command(std::string_view arguments);

}  // namespace holdfast::core
