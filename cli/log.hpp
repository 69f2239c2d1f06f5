#pragma once

#include <string_view>

namespace holdfast::cli {

/// stderr, for people: one line an event, `holdfast: ` before each. A line is one write(2), so that the lines of
/// several processes do not mix. Nothing is buffered, and a stderr that is closed or full is no failure. Thread-safe.
void say(std::string_view line) noexcept;
/// The same, only after `be_verbose(true)`.
void say_more(std::string_view line) noexcept;

void be_verbose(bool on) noexcept;
[[nodiscard]] bool verbose() noexcept;

}  // namespace holdfast::cli
