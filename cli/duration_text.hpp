#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "holdfast/clock.hpp"

namespace holdfast::cli {

/// Reads a span of time as people write it on the command line: `500ms`, `10s`, `5m`, `1h`, `1.5s`; a bare number is
/// seconds. Nothing where `text` is not one: negative, not a number, another unit, or too long for nanoseconds.
std::optional<duration> parse_duration(std::string_view text) noexcept;

/// The same for people to read, cut to what they care for: `350ms`, `12.4s`, `3m05s`, `2h07m`, `3d04h`.
std::string show_duration(duration span);

}  // namespace holdfast::cli
