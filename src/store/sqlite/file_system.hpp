#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "holdfast/status.hpp"

/// SQLite's write-ahead log needs shared memory and locks that work between all who open the file. File systems that
/// more than one kernel can see, or that a user's process serves, don't promise them.
namespace holdfast::sqlite {

/// What the file system with this `statfs::f_type` is called, if a database can't be trusted to it.
std::optional<std::string_view> untrusted_file_system(std::uint64_t type) noexcept;

/// errc::misconfigured if the database `path` (or the directory where it would be made) is on such a file system.
status check_file_system(const std::string& path, const std::string& shown);

}  // namespace holdfast::sqlite
