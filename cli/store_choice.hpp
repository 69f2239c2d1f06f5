#pragma once

#include <string>

namespace holdfast::cli {

/// The store's URL: `given` (from -s) unless empty, else $HOLDFAST_STORE, else the user's own SQLite file in
/// $XDG_STATE_HOME/holdfast (or ~/.local/state/holdfast), whose folders are made, for the user alone.
/// Throws holdfast::error (misconfigured) where there is no home or a folder can't be made.
std::string choose_store(const std::string& given);

/// `sqlite:` and the path with what has a meaning in a URL percent-encoded.
std::string sqlite_url(const std::string& path);

}  // namespace holdfast::cli
