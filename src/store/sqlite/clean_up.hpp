#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "store/sqlite/boot_identity.hpp"
#include "store/sqlite/connection.hpp"

namespace holdfast::sqlite {

/// Forgets names that nobody has used for long, a few at a time, so that the file does not grow for ever. What makes
/// that safe: no new row gets a token as low as `floor`, and each forgotten `last` raises it.
class clean_up {
 public:
  explicit clean_up(connection& where) : where_{where} {}

  /// No lower than any token of a name without a row.
  std::uint64_t floor();
  /// Looks at the next `rows` rows in the order of names, from where the last call (of any process) ended, and deletes
  /// those that are free, and whose last token the clock has left behind by `margin`.
  void some(const moment& at, int rows = 128, std::chrono::microseconds margin = std::chrono::hours{1});
  /// The same for the rows after `cursor`, which becomes where it ended: empty at the end of the table. How many it deleted.
  std::uint64_t some_from(std::string& cursor, const moment& at, int rows, std::chrono::microseconds margin);

 private:
  connection& where_;
  statement floor_{"SELECT floor FROM state"};
  statement cursor_{"SELECT cleaned FROM state"};
  statement next_{
      "SELECT name, last, (owner IS NULL OR expires < ?3) AND queued = 0 FROM lease WHERE name > ?1"
      " ORDER BY name LIMIT ?2"};
  statement forget_{"DELETE FROM lease WHERE name = ?1"};
  statement write_{"UPDATE state SET floor = max(floor, ?1), cleaned = ?2"};
};

}  // namespace holdfast::sqlite
