#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

struct sqlite3;
struct sqlite3_stmt;

namespace holdfast::bench {

/// What a lock and unlock over the embedded store can't be cheaper than: its statements, prepared, in two
/// transactions, on a database that holdfast made and with the same settings, and nothing else.
class sqlite_floor {
 public:
  /// `path` is a database of holdfast's with a free row for `name`. The grant stores `party`.
  sqlite_floor(const std::filesystem::path& path, std::string name, std::string party);
  ~sqlite_floor();
  sqlite_floor(const sqlite_floor&) = delete;
  sqlite_floor& operator=(const sqlite_floor&) = delete;

  void acquire_and_release();

  /// What holdfast stores as the party of the lease that stands on `name`.
  static std::string party_of(const std::filesystem::path& path, const std::string& name);

 private:
  sqlite3_stmt* prepare(const char* sql);
  /// Steps to the end; the first column of the last row, 0 without rows.
  std::int64_t step(sqlite3_stmt* what);

  std::string name_;
  std::string party_;
  sqlite3* db_ = nullptr;
  sqlite3_stmt* begin_ = nullptr;
  sqlite3_stmt* take_ = nullptr;
  sqlite3_stmt* token_ = nullptr;
  sqlite3_stmt* free_ = nullptr;
  sqlite3_stmt* commit_ = nullptr;
  std::uint64_t owner_ = 1;
};

}  // namespace holdfast::bench
