#include "store/mysql/statements.hpp"

#include <algorithm>

#include "store/mysql/schema.hpp"

namespace holdfast::mysql {
namespace {

/// The kinds of rows are those of poller.cpp.
const std::string poll_text =
    "SELECT 1, owner, address, 0 FROM {lease} FORCE INDEX (handed_off) WHERE address IN ({list}) AND claimed = 0"
    " UNION ALL SELECT 2, w.owner, NULL, (SELECT COUNT(*) FROM {waiter} b WHERE b.name = w.name AND b.ticket < "
    "w.ticket)"
    " FROM {waiter} w WHERE w.owner IN (?, ?, ?, ?, ?, ?, ?, ?)";

const std::string look_text =
    poll_text +
    " UNION ALL (SELECT DISTINCT 3, l.name, NULL, 0 FROM {waiter} w JOIN {lease} l ON l.name = w.name"
    " WHERE w.client IN ({list}) AND ({owner_of_l} IS NULL OR l.expires <= {now}) LIMIT 50)"
    " UNION ALL (SELECT 4, NULL, client, COUNT(*) FROM {waiter} WHERE client IN ({list}) GROUP BY client)";

const std::string view_columns =
    "l.name, {owner_of_l}, l.token, l.expires, l.since, l.claimed, l.party, w.owner, w.seen, w.since, w.party, {now}";

}  // namespace

list_statement::list_statement(const sql::dialect& spelling, const std::string& text) {
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    std::string marks = "?";
    for (std::size_t n = 1; n < sizes[i]; ++n) marks += ",?";
    sql::dialect with = spelling;
    with.define("list", marks);
    texts_[i] = with.spell(text);
  }
}

std::size_t list_statement::index(std::size_t count) {
  const auto fits = std::lower_bound(sizes.begin(), sizes.end() - 1, count);
  return static_cast<std::size_t>(fits - sizes.begin());
}

// What is assigned later sees what was assigned before: both servers do so in the mode that each session is given. So
// `take_free` works out the clock once.
// An uncontended verb costs little more than what a bare UPDATE costs, so each operator is felt, and each index that
// could be thought of. What a row of nobody's (schema.cpp) implies need not be asked for.
statements::statements(const sql::table_names& names)
    : turn{dialect_of(names).spell("CALL {turn_routine}(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")},
      clean{dialect_of(names).spell("CALL {clean_routine}(?, ?, ?, ?, ?)")},
      layout{dialect_of(names).spell("SELECT layout, {now} FROM {state} WHERE id = 1")},
      try_writing{dialect_of(names).spell("UPDATE {state} SET layout = layout WHERE id = 1")},
      take_free{dialect_of(names).spell(
          "UPDATE {lease} FORCE INDEX (PRIMARY) SET owner = ?, since = {now},"
          " token = LAST_INSERT_ID(GREATEST(token + 1, since)), renewed = since, expires = since + ?, party = ?"
          " WHERE name = ? AND owner = {nobody}")},
      take_reserving{dialect_of(names).spell(
          "UPDATE {lease} FORCE INDEX (PRIMARY) SET owner = ?, since = {now},"
          " token = LAST_INSERT_ID(GREATEST(token + 1, since)), renewed = since, expires = since + ?, party = ?,"
          " last = token + ? WHERE name = ? AND owner = {nobody}")},
      free_alone{dialect_of(names).spell(
          "UPDATE {lease} FORCE INDEX (PRIMARY) SET owner = {nobody} WHERE name = ? AND owner = ?"
          " AND queued = 0 AND claimed = 1 AND last <= token AND expires > ?")},
      renew{dialect_of(names),
            "UPDATE {lease} FORCE INDEX (PRIMARY) SET expires = {now} + ?, renewed = LAST_INSERT_ID({now})"
            " WHERE name IN ({list}) AND owner IN ({list}) AND claimed = 1"
            " AND expires + IF(renewed < ?, ?, 0) > LEAST({now}, ?)"},
      renewed{dialect_of(names),
              "SELECT name FROM {lease} FORCE INDEX (PRIMARY) WHERE name IN ({list}) AND owner IN ({list})"
              " AND claimed = 1 AND renewed >= ?"},
      unlocked{dialect_of(names),
               "SELECT name FROM {lease} FORCE INDEX (PRIMARY) WHERE name IN ({list}) AND owner IN ({list})"
               " FOR UPDATE SKIP LOCKED"},
      beat{dialect_of(names), "UPDATE {waiter} SET seen = LAST_INSERT_ID({now}) WHERE client IN ({list})"},
      poll{dialect_of(names), poll_text},
      look{dialect_of(names), look_text},
      inspect{dialect_of(names).spell("SELECT " + view_columns +
                                      " FROM {lease} l LEFT JOIN {waiter} w ON w.name = l.name AND l.queued = 1"
                                      " WHERE l.name = ? ORDER BY w.ticket")},
      list{dialect_of(names).spell(
          "SELECT " + view_columns +
          " FROM (SELECT name FROM {lease} WHERE name > ? AND name >= ? AND (? = '' OR name < ?)"
          " AND (queued = 1 OR ({owner} IS NOT NULL AND expires > {now})) ORDER BY name LIMIT ?) n"
          " JOIN {lease} l ON l.name = n.name LEFT JOIN {waiter} w ON w.name = l.name AND l.queued = 1"
          " ORDER BY l.name, w.ticket")},
      connected{
          "SELECT SUM(ID = ? AND HOST LIKE ?), SUM(ID = ?), SUM(ID = CONNECTION_ID() AND HOST LIKE ?)"
          " FROM information_schema.PROCESSLIST"} {}

}  // namespace holdfast::mysql
