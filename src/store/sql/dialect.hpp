#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The protocol of the lease tables is written once, as text with `{words}` for what each server says in its own way
/// (turn.hpp). A dialect is the words.
namespace holdfast::sql {

class dialect {
 public:
  using words = std::vector<std::pair<std::string, std::string>>;

  explicit dialect(words own) : words_{std::move(own)} {}
  void define(std::string word, std::string text) { words_.emplace_back(std::move(word), std::move(text)); }
  /// `text` with each `{word}` put in, also within what was put in. Throws std::logic_error for one that is not defined.
  [[nodiscard]] std::string spell(std::string_view text) const;

 private:
  words words_;
};

/// The names of a store's tables, made from the one that the URL gives (`table=NAME` or `table=SCHEMA.NAME`).
struct table_names {
  /// Throws holdfast::error (invalid_argument). `quote` is the server's sign for identifiers.
  table_names(std::string_view given, char quote, const std::string& shown);
  /// That of the leases with a suffix, quoted.
  [[nodiscard]] std::string with(std::string_view suffix) const;

  std::string schema;  ///< May be empty.
  std::string table;
  char quote;
};

inline constexpr std::string_view default_table = "holdfast";

}  // namespace holdfast::sql
