#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "holdfast/clock.hpp"

/// The clock that leases in a file are timed on: this boot of this kernel, and its CLOCK_BOOTTIME as seen outside any
/// time namespace. All processes that can share the file see the same.
namespace holdfast::sqlite {

struct machine {
  std::string boot_id;                     ///< Another one: every lease in the file is over.
  duration offset{};                       ///< What this process' time namespace adds to CLOCK_BOOTTIME.
  std::function<std::uint64_t()> wall_us;  ///< The wall clock in µs: a floor for tokens, nothing else.
};

/// One instant inside a transaction.
struct moment {
  time_point sent;       ///< On the process' boot_clock.
  std::int64_t now = 0;  ///< The same instant on the machine's, in ns.
  std::uint64_t wall_us = 0;
};

moment look(const machine& where);

/// The offset in the text of /proc/self/timens_offsets; none if the text is not such.
std::optional<duration> parse_boottime_offset(std::string_view text);

/// Throws `failure` (misconfigured) if /proc does not say, or if the offset can't be known.
machine this_machine(const std::string& shown);

}  // namespace holdfast::sqlite
