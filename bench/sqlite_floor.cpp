#include "sqlite_floor.hpp"

#include <sqlite3.h>
#include <time.h>

#include <array>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace holdfast::bench {
namespace {

// The statements of src/store/sqlite/lease_table.hpp for an uncontended acquire and release: keep them the same.
constexpr const char* take_free =
    "UPDATE lease SET owner = ?2, token = max(last + 1, ?3), last = max(last + 1, ?3) + ?4,"
    " expires = ?5, since = ?6, party = ?7 WHERE name = ?1 AND owner IS NULL AND queued = 0";
constexpr const char* ask_token = "SELECT token FROM lease WHERE name = ?1";
constexpr const char* free_unqueued =
    "UPDATE lease SET owner = NULL, party = NULL, last = max(token, min(last, ?3))"
    " WHERE name = ?1 AND owner = ?2 AND queued = 0 AND claimed = 1 AND expires > ?4";

constexpr std::int64_t ttl_ns = 30'000'000'000;

std::int64_t nanoseconds(clockid_t clock) {
  timespec at{};
  clock_gettime(clock, &at);
  return static_cast<std::int64_t>(at.tv_sec) * 1'000'000'000 + at.tv_nsec;
}

void check(int code, sqlite3* db) {
  if (code != SQLITE_OK && code != SQLITE_DONE && code != SQLITE_ROW)
    throw std::runtime_error{std::string{"the bare transactions: "} + sqlite3_errmsg(db)};
}

void bind(sqlite3_stmt* to, int index, const std::string& bytes) {
  sqlite3_bind_blob64(to, index, bytes.data(), bytes.size(), SQLITE_STATIC);
}

}  // namespace

sqlite_floor::sqlite_floor(const std::filesystem::path& path, std::string name, std::string party)
    : name_{std::move(name)}, party_{std::move(party)} {
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;
  check(sqlite3_open_v2(path.c_str(), &db_, flags, nullptr), db_);
  check(sqlite3_exec(db_, "PRAGMA synchronous = NORMAL", nullptr, nullptr, nullptr), db_);
  begin_ = prepare("BEGIN IMMEDIATE");
  take_ = prepare(take_free);
  token_ = prepare(ask_token);
  free_ = prepare(free_unqueued);
  commit_ = prepare("COMMIT");
}

sqlite_floor::~sqlite_floor() {
  for (auto* each : {begin_, take_, token_, free_, commit_}) sqlite3_finalize(each);
  sqlite3_close_v2(db_);
}

sqlite3_stmt* sqlite_floor::prepare(const char* sql) {
  sqlite3_stmt* made = nullptr;
  check(sqlite3_prepare_v3(db_, sql, -1, SQLITE_PREPARE_PERSISTENT, &made, nullptr), db_);
  return made;
}

std::int64_t sqlite_floor::step(sqlite3_stmt* what) {
  std::int64_t first = 0;
  int code = SQLITE_ROW;
  while ((code = sqlite3_step(what)) == SQLITE_ROW) first = sqlite3_column_int64(what, 0);
  check(code, db_);
  sqlite3_reset(what);
  return first;
}

void sqlite_floor::acquire_and_release() {
  std::string owner(16, '\0');
  ++owner_;
  std::memcpy(owner.data(), &owner_, sizeof owner_);

  step(begin_);
  const auto now = nanoseconds(CLOCK_BOOTTIME);
  bind(take_, 1, name_);
  bind(take_, 2, owner);
  sqlite3_bind_int64(take_, 3, nanoseconds(CLOCK_REALTIME) / 1000);
  sqlite3_bind_int64(take_, 4, 0);
  sqlite3_bind_int64(take_, 5, now + ttl_ns);
  sqlite3_bind_int64(take_, 6, now);
  bind(take_, 7, party_);
  step(take_);
  bind(token_, 1, name_);
  const auto token = sqlite3_changes(db_) == 1 ? step(token_) : 0;
  step(commit_);
  if (token == 0) throw std::runtime_error{"the bare transactions: the row was not free"};

  step(begin_);
  bind(free_, 1, name_);
  bind(free_, 2, owner);
  sqlite3_bind_int64(free_, 3, token);
  sqlite3_bind_int64(free_, 4, nanoseconds(CLOCK_BOOTTIME));
  step(free_);
  const int freed = sqlite3_changes(db_);
  step(commit_);
  if (freed != 1) throw std::runtime_error{"the bare transactions: the row was not released"};
}

std::string sqlite_floor::party_of(const std::filesystem::path& path, const std::string& name) {
  sqlite3* db = nullptr;
  sqlite3_stmt* ask = nullptr;
  check(sqlite3_open_v2(path.c_str(), &db, SQLITE_OPEN_READWRITE, nullptr), db);
  check(sqlite3_prepare_v2(db, "SELECT party FROM lease WHERE name = ?1", -1, &ask, nullptr), db);
  bind(ask, 1, name);
  std::string party;
  if (sqlite3_step(ask) == SQLITE_ROW && sqlite3_column_blob(ask, 0) != nullptr)
    party.assign(static_cast<const char*>(sqlite3_column_blob(ask, 0)),
                 static_cast<std::size_t>(sqlite3_column_bytes(ask, 0)));
  sqlite3_finalize(ask);
  sqlite3_close(db);
  return party;
}

}  // namespace holdfast::bench
