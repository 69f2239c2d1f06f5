#include "store/sql/dialect.hpp"

#include <algorithm>
#include <stdexcept>

#include "holdfast/status.hpp"

namespace holdfast::sql {
namespace {

/// With the longest suffix it still fits where a server takes 63 bytes.
constexpr std::size_t longest_table = 48;

bool plain(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const auto sign = [&](char c) { return letter(c) || (c >= '0' && c <= '9'); };
  return !name.empty() && name.size() <= longest_table && letter(name[0]) &&
         std::all_of(name.begin(), name.end(), sign);
}

}  // namespace

std::string dialect::spell(std::string_view text) const {
  std::string made;
  while (true) {
    const auto open = text.find('{');
    made.append(text.substr(0, open));
    if (open == text.npos) return made;
    const auto close = text.find('}', open);
    const auto word = text.substr(open + 1, close - open - 1);
    const auto found = std::find_if(words_.begin(), words_.end(), [&](const auto& each) { return each.first == word; });
    if (found == words_.end()) throw std::logic_error{"the dialect has no word for {" + std::string{word} + "}"};
    made.append(spell(found->second));
    text.remove_prefix(close + 1);
  }
}

table_names::table_names(std::string_view given, char quote_sign, const std::string& shown) : quote{quote_sign} {
  const auto dot = given.find('.');
  if (dot != given.npos) schema = given.substr(0, dot);
  table = dot == given.npos ? given : given.substr(dot + 1);
  if (!plain(table) || (dot != given.npos && !plain(schema)))
    throw error{{errc::invalid_argument, "malformed store URL '" + shown +
                                             "': table= takes NAME or SCHEMA.NAME, each of "
                                             "at most 48 letters, digits and _"}};
}

std::string table_names::with(std::string_view suffix) const {
  std::string made;
  if (!schema.empty()) made.append(1, quote).append(schema).append(1, quote).append(".");
  return made.append(1, quote).append(table).append(suffix).append(1, quote);
}

}  // namespace holdfast::sql
