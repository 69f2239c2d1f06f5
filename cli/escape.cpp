#include "escape.hpp"

#include <cstdio>

namespace holdfast::cli {
namespace {

using byte = unsigned char;

byte byte_at(std::string_view text, std::size_t i) noexcept { return static_cast<byte>(text[i]); }

// The length of the well-formed UTF-8 character at the start of `text`, or 0 if there is none.
std::size_t character_length(std::string_view text) noexcept {
  const auto at = [text](std::size_t i) { return byte_at(text, i); };
  const byte lead = at(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((at(i) & 0xc0) != 0x80) return 0;
  const bool overlong = (lead == 0xe0 && at(1) < 0xa0) || (lead == 0xf0 && at(1) < 0x90);
  const bool outside = (lead == 0xed && at(1) > 0x9f) || (lead == 0xf4 && at(1) > 0x8f);
  return overlong || outside ? 0 : length;
}

// Whether the character at the start of `text` could harm a line: controls, U+2028..202E and U+2066..2069 (line
// separators, and marks that turn the direction of what follows).
bool is_harmful(std::string_view text) noexcept {
  const auto at = [text](std::size_t i) { return byte_at(text, i); };
  const byte lead = at(0);
  if (lead < 0x80) return lead < 0x20 || lead == 0x7f;
  if (lead == 0xc2) return at(1) < 0xa0;
  if (lead != 0xe2) return false;
  return (at(1) == 0x80 && at(2) >= 0xa8 && at(2) <= 0xae) || (at(1) == 0x81 && at(2) >= 0xa6 && at(2) <= 0xa9);
}

std::string escaped(std::string_view text, bool backslash_too) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    if (backslash_too && text.front() == '\\') {
      out += "\\\\";
      text.remove_prefix(1);
      continue;
    }
    const std::size_t length = character_length(text);
    if (length == 0 || is_harmful(text)) {
      char hex[8];
      std::snprintf(hex, sizeof hex, "\\x%02x", byte_at(text, 0));
      out += hex;
      text.remove_prefix(1);
    } else {
      out += text.substr(0, length);
      text.remove_prefix(length);
    }
  }
  return out;
}

}  // namespace

std::string escape(std::string_view text) { return escaped(text, true); }

std::string one_line(std::string_view text) { return escaped(text, false); }

bool is_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    const std::size_t length = character_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace holdfast::cli
