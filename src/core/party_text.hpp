#pragma once

#include <string>
#include <string_view>

#include "holdfast/export.hpp"
#include "holdfast/inspection.hpp"

/// Who asks, as stores keep it: a short text of `key=value` lines. Stores carry it and need not read it, but for what
/// they show in `inspect`.
namespace holdfast::core {

/// The text for this process and `note`: host, pid, user and command line without passwords, cut to a sane length.
/// Worked out once per process (and anew after a fork) but for the note. Thread-safe.
HOLDFAST_EXPORT std::string own_party_text(std::string_view note);

/// Puts what `text` says into `who`; unknown keys and malformed lines are passed over. `who.owner` is left alone.
HOLDFAST_EXPORT void read_party_text(std::string_view text, party& who);

}  // namespace holdfast::core
