#pragma once

#include <span>
#include <string>
#include <string_view>

namespace holdfast::redis {

/// Appends one command as the server reads it (RESP): an array of its words.
void append_command(std::string& to, std::span<const std::string_view> words);

}  // namespace holdfast::redis
