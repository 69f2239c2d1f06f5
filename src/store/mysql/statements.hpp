#pragma once

#include <array>
#include <cstddef>
#include <string>

#include "store/sql/dialect.hpp"

namespace holdfast::mysql {

/// A statement with a list of a varying length, prepared for a few lengths. Shorter lists repeat their last element.
class list_statement {
 public:
  static constexpr std::array<std::size_t, 5> sizes{1, 8, 64, 512, 4096};

  /// `text` has `{list}` where the list's question marks belong.
  list_statement(const sql::dialect& spelling, const std::string& text);
  /// The text for `count` elements, and how many it takes.
  [[nodiscard]] const std::string& text(std::size_t count) const { return texts_[index(count)]; }
  [[nodiscard]] static std::size_t size(std::size_t count) { return sizes[index(count)]; }

 private:
  [[nodiscard]] static std::size_t index(std::size_t count);
  std::array<std::string, sizes.size()> texts_;
};

/// The texts of all that is asked of the server, for one set of tables. Made once: their addresses stand for them.
struct statements {
  explicit statements(const sql::table_names& names);

  std::string turn;            ///< The routine of sql/turn.hpp.
  std::string clean;           ///< latest, patience, margin, rows, where from.
  std::string layout;          ///< The layout, the server's clock.
  std::string try_writing;     ///< Changes nothing, and is refused like a write.
  std::string take_free;       ///< owner, ttl, party, name. The token is the insert id.
  std::string take_reserving;  ///< owner, ttl, party, reserve, name. Likewise.
  std::string free_alone;      ///< name, owner, latest. Not where tokens were reserved.
  list_statement renew;        ///< ttl, names, owners, then the clock's bounds. The server's clock is the insert id.
  list_statement renewed;      ///< names, owners, since when: the names that are.
  list_statement unlocked;     ///< names, owners: the names whose rows nobody has locked.
  list_statement beat;         ///< clients. The server's clock is the insert id.
  list_statement poll;         ///< clients, then 8 owners (poller.hpp).
  list_statement look;         ///< clients, then 8 owners, clients, clients.
  std::string inspect;         ///< name.
  std::string list;            ///< cursor, prefix, its end, its end, how many.
  std::string connected;       ///< id, a pattern for its client's end, id, one for ours: how many there are of each.
};

/// How many owners `poll` and `look` take.
inline constexpr std::size_t polled_owners = 8;

}  // namespace holdfast::mysql
