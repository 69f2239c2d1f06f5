#include "core/shown_url.hpp"

#include <algorithm>

#include "core/url.hpp"
#include "holdfast/status.hpp"

namespace holdfast::core {

namespace {

bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool of_a_scheme(char c) { return is_alpha(c) || is_digit(c) || c == '+' || c == '-' || c == '.'; }

/// Whether a colon is followed by digits alone, as a port is; the text is what follows the colon.
bool looks_like_port(std::string_view text) {
  const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
  return digits > 0 && digits <= 5 &&
         (digits == text.size() || std::string_view{"/,?"}.find(text[digits]) != text.npos);
}

/// Where a password may begin in text that holds no `@`: after a colon that no port follows.
std::size_t doubtful_colon(std::string_view text) {
  for (auto colon = text.find(':'); colon != text.npos; colon = text.find(':', colon + 1))
    if (!looks_like_port(text.substr(colon + 1))) return colon;
  return text.npos;
}

/// Where in a word a URL's scheme ends: before `://`, or, with options behind it, before `:/` (`unix:/PATH?password=...`).
std::size_t scheme_end(std::string_view word, std::size_t from = 0) {
  const auto slashes = word.find("://", from);
  if (slashes != word.npos) return slashes;
  const auto slash = word.find(":/", from);
  return slash != word.npos && word.find('?', slash) != word.npos ? slash : word.npos;
}

/// Where the scheme begins that ends there; `end` itself if there is none.
std::size_t scheme_begin(std::string_view word, std::size_t from, std::size_t end) {
  auto start = end;
  while (start > from && of_a_scheme(word[start - 1])) --start;
  while (start < end && !is_alpha(word[start])) ++start;
  return start;
}

/// Of one word, which may be an option's: `--store=mysql://...`, and may have more than one URL in it.
std::string shown_word(std::string_view word) {
  const auto end = scheme_end(word);
  if (end == word.npos) return std::string{word};
  const auto start = scheme_begin(word, 0, end);
  // The next one begins behind what ends this one's user and password.
  auto next = word.npos;
  if (const auto over = word.find_first_of("/?@,;| ", end + 3); over != word.npos)
    if (const auto other = scheme_end(word, over); other != word.npos) next = scheme_begin(word, over, other);
  if (start == end) return std::string{word};
  std::string shown{word.substr(0, start)};
  try {
    shown.append(url::parse(word.substr(start, next == word.npos ? next : next - start)).shown);
  } catch (const error&) {
    return shown.append(shown_blindly(word.substr(start)));
  }
  if (next == word.npos || shown.ends_with("***")) return shown;  // A secret may go on.
  return shown.append(shown_word(word.substr(next)));
}

constexpr std::string_view between_words = " \t\n'\"`";

/// A URL may have blanks in it; a script has URLs among its words.
std::string shown_argument(std::string_view argument) {
  if (argument.substr(0, argument.find("://")).find_first_of(between_words) == argument.npos)
    return shown_word(argument);
  std::string shown;
  while (!argument.empty()) {
    const auto end = std::min(argument.find_first_of(between_words), argument.size());
    shown.append(shown_word(argument.substr(0, end)));
    if (end < argument.size()) shown.push_back(argument[end]);
    argument.remove_prefix(std::min(end + 1, argument.size()));
  }
  return shown;
}

}  // namespace

std::size_t scheme_length(std::string_view text) {
  const auto end = text.find(':');
  if (end == text.npos || end == 0 || !is_alpha(text[0])) return text.npos;
  const auto name = text.substr(0, end);
  return std::all_of(name.begin(), name.end(), of_a_scheme) ? end : text.npos;
}

bool names_a_path(std::string_view scheme) {
  constexpr std::string_view sqlite = "sqlite";
  constexpr std::string_view memory = "memory";
  const auto same = [&](std::string_view plain) {
    return std::equal(scheme.begin(), scheme.end(), plain.begin(), plain.end(), [](char a, char b) {
      return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
    });
  };
  return same(sqlite) || same(memory);
}

std::string shown_blindly(std::string_view text) {
  const auto scheme = scheme_length(text);
  auto start = scheme == text.npos ? 0 : scheme + 1;
  const bool slashes = text.substr(start).starts_with("//");
  if (slashes) start += 2;
  const auto rest = text.substr(start);
  const auto at = rest.rfind('@');
  const auto question = rest.find('?');
  std::string result{text.substr(0, start)};
  if (scheme != text.npos && !slashes && names_a_path(text.substr(0, scheme))) {
    result.append(rest.substr(0, question)).append(question == rest.npos ? "" : "?***");
  } else if (at != rest.npos) {
    const auto colon = scheme != text.npos && !slashes ? 0 : rest.find(':');
    result.append(rest.substr(0, std::min({colon == 0 ? 0 : colon + 1, at, question}))).append("***@");
    // An @ behind a ? may stand in a secret option.
    result.append(question < at ? "***" : rest.substr(at + 1, question - at - 1));
    if (question != rest.npos && question > at) result.append("?***");
  } else {
    const auto colon = doubtful_colon(rest.substr(0, question));
    result.append(rest.substr(0, colon == rest.npos ? question : colon + 1));
    if (colon != rest.npos) result.append("***");
    if (question != rest.npos) result.append("?***");
  }
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  std::replace_if(result.begin(), result.end(), control, '?');
  return result;
}

std::string shown_command(std::string_view arguments) {
  std::string shown;
  while (!arguments.empty()) {
    const auto end = std::min(arguments.find('\0'), arguments.size());
    shown.append(shown_argument(arguments.substr(0, end)));
    if (end < arguments.size()) shown.push_back('\0');
    arguments.remove_prefix(std::min(end + 1, arguments.size()));
  }
  return shown;
}

}  // namespace holdfast::core
