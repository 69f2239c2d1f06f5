#include "store/sqlite/schema.hpp"

#include "store/sqlite/errors.hpp"

namespace holdfast::sqlite {
namespace {

constexpr std::int64_t application_id = 0x686f6c64;  // "hold"
constexpr std::int64_t schema_version = 2;

/// Times are in ns of the machine's boot clock; names, owners (16 bytes) and party texts are blobs.
/// - lease: a free row (owner NULL) is kept for its `last` token until the wall clock is far beyond it. `queued` is 1
///   while there may be waiters. An unclaimed hand-off is a row with claimed = 0; `address` says where to tell of it.
///   No index has a column that an uncontended verb changes. Leases that were taken together lie together, so that
///   they are renewed together at little cost.
/// - waiter: a queue for each name, in the order of tickets. `address` says where its process is (wake_file.hpp).
///   `asked` is when it was asked for a sign of life, 0 where it has given it.
/// - state: the boot that all times belong to; `floor` is no lower than any token that clean-up has forgotten.
constexpr const char* schema = R"(
  CREATE TABLE lease(
    id INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE, owner BLOB, token INTEGER NOT NULL, last INTEGER NOT NULL,
    expires INTEGER NOT NULL, since INTEGER NOT NULL, claimed INTEGER NOT NULL, queued INTEGER NOT NULL,
    address INTEGER, party BLOB);
  CREATE INDEX handed_off ON lease(address) WHERE claimed = 0;
  CREATE TABLE waiter(
    ticket INTEGER PRIMARY KEY, name BLOB NOT NULL, owner BLOB NOT NULL UNIQUE, address INTEGER NOT NULL,
    reserve INTEGER NOT NULL, since INTEGER NOT NULL, asked INTEGER NOT NULL DEFAULT 0, party BLOB);
  CREATE INDEX queue ON waiter(name);
  CREATE TABLE state(
    id INTEGER PRIMARY KEY CHECK(id = 1), boot BLOB NOT NULL, floor INTEGER NOT NULL, cleaned BLOB NOT NULL);
  INSERT INTO state VALUES(1, x'', 0, x'');
  PRAGMA application_id = 0x686f6c64;
  PRAGMA user_version = 2;
)";

bool is_ours(connection& where) {
  if (where.ask_number("PRAGMA application_id") == application_id &&
      where.ask_number("PRAGMA user_version") == schema_version) {
    return true;
  }
  // Again in one statement: somebody may be making the tables just now.
  statement ask{
      "SELECT (SELECT application_id FROM pragma_application_id),"
      " (SELECT user_version FROM pragma_user_version), (SELECT count(*) FROM sqlite_master)"};
  query asked{where, ask};
  if (!asked.step()) return false;
  const auto id = asked.number(0);
  const auto version = asked.number(1);
  if (id == application_id && version == schema_version) return true;
  if (id == application_id) {
    throw failure{
        {errc::misconfigured, where.shown() + ": made by another version of holdfast (layout " +
                                  std::to_string(version) + ", this one knows " + std::to_string(schema_version) + ")"},
        false,
        true};
  }
  if (id != 0 || version != 0 || asked.number(2) != 0) {
    throw failure{{errc::misconfigured,
                   where.shown() + ": this is the database of another program; it is left as it is. Give another path"},
                  false,
                  true};
  }
  return false;
}

/// Needs the file for itself, and then SQLite may answer busy without asking the busy handler. That ends soon: the
/// others, too, only look at the new file or make it.
void use_log(connection& where) {
  while (true) {
    try {
      if (where.ask_text("PRAGMA journal_mode = WAL") == "wal") return;
      throw failure{
          {errc::misconfigured, where.shown() + ": no write-ahead log can be used on this file system"}, false, true};
    } catch (const failure& why) {
      const bool busy = (sqlite3_errcode(where.handle()) & 0xff) == SQLITE_BUSY;
      if (why.reopen || !busy || boot_clock::now() >= where.deadline()) throw;
    }
    sqlite3_sleep(1);
  }
}

void make_tables(connection& where) {
  transaction::statements with;
  transaction change{where, with, transaction::kind::write};
  if (!is_ours(where)) where.run(schema);
  change.commit();
}

void enter_boot(connection& where, const machine& on) {
  statement ask{"SELECT boot FROM state"};
  const auto is_current = [&] {
    query asked{where, ask};
    if (!asked.step()) throw failure{explain(SQLITE_ERROR, 0, "the state is missing", where.shown()), false, true};
    return asked.blob(0) == on.boot_id;
  };
  if (is_current()) return;
  transaction::statements with;
  transaction change{where, with, transaction::kind::write};
  if (is_current()) return;
  where.run("UPDATE lease SET owner = NULL, party = NULL, address = NULL, claimed = 1, queued = 0");
  where.run("DELETE FROM waiter");
  statement enter{"UPDATE state SET boot = ?1"};
  query{where, enter}.bind_blob(1, on.boot_id).run();
  change.commit();
}

}  // namespace

std::string schema_text() { return std::string{"PRAGMA page_size = 1024;\nPRAGMA journal_mode = WAL;"} + schema; }

void prepare_database(connection& where, const machine& on) {
  const bool ours = is_ours(where);
  // With the write-ahead log this risks the last commits at a power cut, which ends all leases anyway; not the file.
  where.run("PRAGMA synchronous = NORMAL");
  if (where.ask_text("PRAGMA journal_mode") != "wal") {
    // Each transaction writes whole pages, mostly for one small row. Means something in an empty file only.
    where.run("PRAGMA page_size = 1024");
    use_log(where);
  }
  if (!ours) make_tables(where);
  enter_boot(where, on);
}

}  // namespace holdfast::sqlite
