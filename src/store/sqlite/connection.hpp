#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "holdfast/clock.hpp"

namespace holdfast::sqlite {

/// One open database. For one thread at a time. All that goes wrong is thrown as `failure`.
class connection {
 public:
  /// Makes the file (mode 0600) if it is missing, but not its directory. Refuses what is no place for a database.
  connection(std::string path, std::string shown, time_point by);
  ~connection();
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  /// Until when to wait for locks of other processes.
  void set_deadline(time_point by) noexcept { by_ = by; }
  [[nodiscard]] time_point deadline() const noexcept { return by_; }
  /// Whether the file at the path is no longer the one that is open (deleted, or replaced).
  [[nodiscard]] bool moved() noexcept;

  /// Brings the log into the database once it is long. It waits for the disk, so nobody else should for this.
  void fold_log() noexcept;

  void run(const char* sql);
  std::int64_t ask_number(const char* sql);
  std::string ask_text(const char* sql);

  [[noreturn]] void fail(int code, bool maybe_done = false);
  [[nodiscard]] sqlite3* handle() noexcept { return db_; }
  [[nodiscard]] const std::string& shown() const noexcept { return shown_; }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  void open();
  void close() noexcept;
  static int on_busy(void* self, int tries) noexcept;
  static int on_commit(void* self, sqlite3* db, const char* name, int frames) noexcept;

  // In frames, of a page each.
  static constexpr int longest_log = 1000;
  static constexpr int long_log = 100;

  std::string path_;
  std::string shown_;
  time_point by_;
  sqlite3* db_ = nullptr;
  int frames_ = 0;  // of the log, at the last commit
  int fold_at_ = longest_log;
};

/// A prepared statement, made at its first use. Belongs to one connection, and must go before it.
class statement {
 public:
  explicit statement(const char* sql) noexcept : sql_{sql} {}
  ~statement() { sqlite3_finalize(handle_); }
  statement(const statement&) = delete;
  statement& operator=(const statement&) = delete;
  sqlite3_stmt* on(connection& where);

 private:
  const char* sql_;
  sqlite3_stmt* handle_ = nullptr;
};

/// One use of a statement: bind, step until false (a RETURNING that is not stepped to its end may not have happened),
/// and its destructor makes the statement ready for the next. What is bound by view must outlive it.
class query {
 public:
  query(connection& where, statement& what) : where_{where}, handle_{what.on(where)} {}
  ~query() { sqlite3_reset(handle_); }
  query(const query&) = delete;
  query& operator=(const query&) = delete;

  /// All parameters to NULL: for statements of which not all are bound each time.
  query& clear() noexcept;
  query& bind(int index, std::int64_t value);
  query& bind_blob(int index, std::string_view bytes);
  bool step();
  /// For statements without rows: steps to the end. The number of rows changed.
  int run();

  [[nodiscard]] std::int64_t number(int column) { return sqlite3_column_int64(handle_, column); }
  [[nodiscard]] bool null(int column) { return sqlite3_column_type(handle_, column) == SQLITE_NULL; }
  /// Good until the next step.
  [[nodiscard]] std::string_view blob(int column);

 private:
  connection& where_;
  sqlite3_stmt* handle_;
};

/// From BEGIN to COMMIT; rolled back unless `commit` was called.
class transaction {
 public:
  enum class kind { read, write };
  struct statements {
    statement begin_read{"BEGIN"};
    statement begin_write{"BEGIN IMMEDIATE"};
    statement commit{"COMMIT"};
    statement rollback{"ROLLBACK"};
  };

  transaction(connection& where, statements& with, kind what);
  ~transaction();
  transaction(const transaction&) = delete;
  transaction& operator=(const transaction&) = delete;
  void commit();

 private:
  connection& where_;
  statements& with_;
  bool open_ = true;
};

}  // namespace holdfast::sqlite
