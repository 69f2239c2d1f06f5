#include "store/postgres/session_mark.hpp"

#include <algorithm>
#include <charconv>
#include <vector>

namespace holdfast::postgres {
namespace {

constexpr std::string_view head = "/*holdfast ";
/// The server keeps 1,023 bytes of a statement unless track_activity_query_size says otherwise.
constexpr std::size_t longest = 1000;

/// Neither a blank, which separates, nor a star, which would end the comment.
bool plain(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view{"-._~/:@+,="}.find(c) != std::string_view::npos;
}

std::string escaped(char c) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  if (plain(c)) return {c};
  const auto byte = static_cast<unsigned char>(c);
  return {'%', digits[byte >> 4], digits[byte & 15]};
}

template <class Number>
std::optional<Number> number(std::string_view text, int base = 10) {
  Number value{};
  const auto [stop, bad] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (bad != std::errc{} || stop != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string unescaped(std::string_view text) {
  std::string made;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto code = text[i] == '%' && i + 2 < text.size() ? number<unsigned char>(text.substr(i + 1, 2), 16)
                                                            : std::optional<unsigned char>{};
    if (code) i += 2;
    made.push_back(code ? static_cast<char>(*code) : text[i]);
  }
  return made;
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> found;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    found.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return found;
}

}  // namespace

std::string write_mark(const session_mark& what) {
  std::string made{head};
  made.append("name=");
  for (const char c : what.name) made.append(escaped(c));
  made.append(" ttl=").append(std::to_string(what.ttl_ms)).append(" party=");
  for (const char c : what.party) {
    const auto next = escaped(c);
    if (made.size() + next.size() > longest) break;
    made.append(next);
  }
  return made.append(" */ ");
}

std::optional<session_mark> read_mark(std::string_view statement) {
  if (!statement.starts_with(head)) return std::nullopt;
  statement.remove_prefix(head.size());
  session_mark made;
  for (const auto word : words_of(statement.substr(0, statement.find(" */")))) {
    const auto equals = word.find('=');
    if (equals == std::string_view::npos) continue;
    const auto key = word.substr(0, equals);
    const auto value = word.substr(equals + 1);
    if (key == "name") made.name = unescaped(value);
    if (key == "ttl") made.ttl_ms = number<std::int64_t>(value).value_or(0);
    if (key == "party") made.party = unescaped(value);
  }
  if (made.name.empty()) return std::nullopt;
  return made;
}

std::optional<session_title> read_title(std::string_view application_name) {
  const auto words = words_of(application_name);
  if (words.size() < 3 || words.size() > 4 || words[0] != "holdfast") return std::nullopt;
  session_title made;
  made.owner = core::owner_id::from_hex(words[2]);
  made.claimed = words.size() == 3;
  if (made.owner.nil() || (!made.claimed && words[3] != "?")) return std::nullopt;
  if (words[1] == "waits") {
    made.claimed = false;
    return made;
  }
  const auto token = number<std::uint64_t>(words[1]);
  if (!token || *token == 0) return std::nullopt;
  made.token = *token;
  return made;
}

}  // namespace holdfast::postgres
