#pragma once

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>

#include "value.hpp"

/// Words of commands as Redis reads them, and what it says of those that it can't.
namespace holdfast::sim {

inline value wrong_type() { return value::error("WRONGTYPE Operation against a key holding the wrong kind of value"); }
inline value not_an_integer() { return value::error("ERR value is not an integer or out of range"); }
inline value syntax_error() { return value::error("ERR syntax error"); }

inline std::string upper(std::string text) {
  for (auto& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

inline std::optional<std::int64_t> to_integer(const std::string& text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool plain = text == "0" || (!text.empty() && text != "-0" && text[text[0] == '-' ? 1 : 0] != '0');
  if (error != std::errc{} || end != text.data() + text.size() || !plain) return std::nullopt;
  return number;
}

}  // namespace holdfast::sim
