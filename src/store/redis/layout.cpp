#include "store/redis/layout.hpp"

#include <atomic>

namespace holdfast::redis {

namespace {

constexpr std::string_view mark = ":holdfast:";
constexpr std::array<std::string_view, 3> kinds{":holdfast:lease:", ":holdfast:queue:", ":holdfast:waiters:"};
constexpr std::uint16_t slots = 16384;

/// CRC-16/XMODEM, by which Redis finds a key's slot.
std::uint16_t crc16(std::string_view text) noexcept {
  std::uint16_t crc = 0;
  for (const char c : text) {
    crc = static_cast<std::uint16_t>(crc ^ static_cast<std::uint16_t>(static_cast<unsigned char>(c) << 8));
    for (int bit = 0; bit < 8; ++bit)
      crc = static_cast<std::uint16_t>((crc & 0x8000) != 0 ? (crc << 1) ^ 0x1021 : crc << 1);
  }
  return crc;
}

/// What is hashed of `key`: between its first `{` and the first `}` after it, if there is anything; else all of it.
std::string_view hashed_part(std::string_view key) noexcept {
  const auto open = key.find('{');
  if (open == key.npos) return key;
  const auto close = key.find('}', open);
  if (close == key.npos || close == open + 1) return key;
  return key.substr(open + 1, close - open - 1);
}

/// The first decimal number whose text lies in that slot. Remembered: finding one takes a millisecond.
std::string text_of_slot(std::uint16_t slot) {
  static std::array<std::atomic<std::uint32_t>, slots> known{};  // Plus 1.
  if (const auto number = known[slot].load(std::memory_order_relaxed); number != 0) return std::to_string(number - 1);
  for (std::uint32_t number = 0;; ++number) {
    auto text = std::to_string(number);
    if (crc16(text) % slots != slot) continue;
    known[slot].store(number + 1, std::memory_order_relaxed);
    return text;
  }
}

}  // namespace

std::string tag_of(std::string_view name) {
  const auto part = hashed_part(name);
  if (part.find('}') == part.npos) return std::string{part};
  return text_of_slot(crc16(part) % slots);
}

bool reads_as_side_key(std::string_view name) noexcept {
  if (!name.starts_with('{')) return false;
  const auto close = name.find('}');
  return close != name.npos && name.substr(close + 1).starts_with(mark);
}

std::optional<std::string_view> name_of_lease(std::string_view key) {
  if (!reads_as_side_key(key)) return std::nullopt;
  const auto rest = key.substr(key.find('}') + 1);
  if (!rest.starts_with(kinds[0])) return std::nullopt;
  const auto name = rest.substr(kinds[0].size());
  if (name.empty() || resource_keys{name}.lease() != key) return std::nullopt;
  return name;
}

std::string lease_pattern(std::string_view prefix) {
  std::string pattern{"{*}"};
  pattern.append(kinds[0]);
  for (const char c : prefix) {
    if (c == '*' || c == '?' || c == '[' || c == ']' || c == '\\' || c == '^') pattern.push_back('\\');
    pattern.push_back(c);
  }
  pattern.push_back('*');
  return pattern;
}

resource_keys::resource_keys(std::string_view name) {
  const auto tag = tag_of(name);
  std::size_t total = name.size();
  for (const auto kind : kinds) total += 2 + tag.size() + kind.size() + name.size();
  text_.reserve(total);  // The views stay good.
  text_.append(name);
  views_[0] = text_;
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    const auto begin = text_.size();
    text_.append("{").append(tag).append("}").append(kinds[i]).append(name);
    views_[i + 1] = std::string_view{text_}.substr(begin);
  }
}

}  // namespace holdfast::redis
