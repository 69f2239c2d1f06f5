#pragma once

#include <string>
#include <string_view>

namespace holdfast::cli {

/// Text from outside, fit for one line of a terminal: control bytes, and bytes that are no UTF-8, become `\xNN`, and a
/// backslash `\\`, so that no two texts look alike and none moves the cursor.
std::string escape(std::string_view text);
/// The same for prose, where a backslash is a backslash and only what could harm the line is changed.
std::string one_line(std::string_view text);

/// Whether all of it is well-formed UTF-8 (control characters too).
bool is_utf8(std::string_view text) noexcept;

}  // namespace holdfast::cli
