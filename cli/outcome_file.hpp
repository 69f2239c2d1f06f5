#pragma once

#include <string>

namespace holdfast::cli {

/// Writes `text` to `path` so that a reader finds the old file or the whole new one, never a part: a temporary file beside it, renamed.
/// What is no regular file (/dev/stderr, a pipe) is written to as it is. Returns 0 or an errno.
int write_whole(const std::string& path, const std::string& text) noexcept;

}  // namespace holdfast::cli
