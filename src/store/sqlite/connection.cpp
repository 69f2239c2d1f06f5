#include "store/sqlite/connection.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <mutex>

#include "store/sqlite/errors.hpp"
#include "store/sqlite/file_system.hpp"

namespace holdfast::sqlite {
namespace {

/// Makes the file, so that its mode is ours. A file that is there is not touched: closing any descriptor of it would
/// drop the POSIX locks that other connections of this process have on it.
void make_file(const std::string& path, const std::string& shown) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd >= 0) {
    ::close(fd);
  } else if (errno != EEXIST) {
    throw failure{explain_open(errno, path, shown)};
  }
}

/// SQLite says only that it can't open; the system says why.
void check_access(const std::string& path, const std::string& shown) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) throw failure{explain_open(errno, path, shown)};
  if (S_ISDIR(info.st_mode)) throw failure{explain_open(EISDIR, path, shown)};
  if (!S_ISREG(info.st_mode)) {
    throw failure{{errc::misconfigured, shown + ": this is not a regular file; give another path"}};
  }
  const auto directory = std::filesystem::path{path}.parent_path().string();
  if (::faccessat(AT_FDCWD, path.c_str(), R_OK | W_OK, AT_EACCESS) != 0 ||
      ::faccessat(AT_FDCWD, directory.c_str(), W_OK | X_OK, AT_EACCESS) != 0) {
    throw failure{explain_open(errno, path, shown)};
  }
}

/// Between making a file and opening it nobody else of this process may come (see make_file).
std::mutex& opening() {
  static auto* const instance = new std::mutex;
  return *instance;
}

}  // namespace

connection::connection(std::string path, std::string shown, time_point by)
    : path_{std::move(path)}, shown_{std::move(shown)}, by_{by} {
  if (auto where = check_file_system(path_, shown_); !where.ok()) throw failure{std::move(where)};
  const std::lock_guard lock{opening()};
  make_file(path_, shown_);
  check_access(path_, shown_);
  try {
    open();
  } catch (...) {
    close();
    throw;
  }
}

connection::~connection() { close(); }

void connection::open() {
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;
  if (const int code = sqlite3_open_v2(path_.c_str(), &db_, flags, nullptr); code != SQLITE_OK) fail(code);
  if (sqlite3_db_readonly(db_, "main") == 1) {
    throw failure{{errc::misconfigured, shown_ + ": the file can't be written"}};
  }
  sqlite3_busy_handler(db_, on_busy, this);
  // The log stays: folding it back at each close would cost a short-lived process more than all else it does.
  sqlite3_db_config(db_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  sqlite3_wal_hook(db_, on_commit, this);
  int keep = 1;
  sqlite3_file_control(db_, "main", SQLITE_FCNTL_PERSIST_WAL, &keep);
}

void connection::close() noexcept {
  // Who opens the file when nobody else has it reads the whole log first: 10 µs and more a frame. Where short-lived
  // processes follow each other, this alone keeps it short. A plain check-point would not: what says how much of the
  // log is in the database is gone when all have left.
  if (frames_ > long_log) {
    by_ = boot_clock::now();
    // The copying and its fsync go first, without the writer's lock; under it the log is only cut.
    sqlite3_wal_checkpoint_v2(db_, "main", SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
    sqlite3_wal_checkpoint_v2(db_, "main", SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  }
  sqlite3_close_v2(db_);
  db_ = nullptr;
}

/// Told of the log's length at each commit.
int connection::on_commit(void* self, sqlite3*, const char*, int frames) noexcept {
  static_cast<connection*>(self)->frames_ = frames;
  return SQLITE_OK;
}

void connection::fold_log() noexcept {
  if (frames_ < longest_log) fold_at_ = longest_log;  // Somebody did.
  if (frames_ < fold_at_) return;
  sqlite3_wal_checkpoint_v2(db_, "main", SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  // A reader may stand in the way for long: no attempt with each commit then.
  fold_at_ = frames_ + longest_log;
}

bool connection::moved() noexcept {
  int answer = 0;
  return sqlite3_file_control(db_, "main", SQLITE_FCNTL_HAS_MOVED, &answer) == SQLITE_OK && answer != 0;
}

/// Another process writes, for some 20 µs as a rule. So: at first look again soon, then at growing intervals; each
/// ends somewhere else for each process, so that they don't march in step.
int connection::on_busy(void* self, int tries) noexcept {
  const auto& me = *static_cast<connection*>(self);
  const auto left = me.by_ - boot_clock::now();
  if (left <= duration::zero()) return 0;
  constexpr duration first = std::chrono::microseconds{20};
  const duration longest = std::chrono::milliseconds{tries < 200 ? 1 : 10};
  const auto step = std::min(longest, first * (1 << std::min(tries / 2, 10)));
  const auto spread = boot_clock::now().time_since_epoch().count() % std::max<duration::rep>(step.count() / 2, 1);
  const auto nap = std::min<duration>(left, step / 2 + duration{spread});
  const std::timespec span{static_cast<std::time_t>(nap.count() / 1'000'000'000),
                           static_cast<long>(nap.count() % 1'000'000'000)};
  ::nanosleep(&span, nullptr);
  return 1;
}

void connection::fail(int code, bool maybe_done) {
  const bool has_text = db_ != nullptr && sqlite3_extended_errcode(db_) == code;
  const std::string detail = has_text ? sqlite3_errmsg(db_) : sqlite3_errstr(code);
  const int primary = code & 0xff;
  const bool from_system = primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN || primary == SQLITE_FULL;
  const int system_errno = db_ != nullptr && from_system ? sqlite3_system_errno(db_) : 0;
  throw failure{explain(code, system_errno, detail, shown_), maybe_done, spoils_connection(code)};
}

void connection::run(const char* sql) {
  if (const int code = sqlite3_exec(db_, sql, nullptr, nullptr, nullptr); code != SQLITE_OK) {
    fail(sqlite3_extended_errcode(db_));
  }
}

std::int64_t connection::ask_number(const char* sql) {
  statement once{sql};
  query asked{*this, once};
  return asked.step() ? asked.number(0) : 0;
}

std::string connection::ask_text(const char* sql) {
  statement once{sql};
  query asked{*this, once};
  return asked.step() ? std::string{asked.blob(0)} : std::string{};
}

sqlite3_stmt* statement::on(connection& where) {
  if (handle_ == nullptr) {
    const int code = sqlite3_prepare_v3(where.handle(), sql_, -1, SQLITE_PREPARE_PERSISTENT, &handle_, nullptr);
    if (code != SQLITE_OK) where.fail(code);
  }
  return handle_;
}

query& query::clear() noexcept {
  sqlite3_clear_bindings(handle_);
  return *this;
}

query& query::bind(int index, std::int64_t value) {
  if (const int code = sqlite3_bind_int64(handle_, index, value); code != SQLITE_OK) where_.fail(code);
  return *this;
}

query& query::bind_blob(int index, std::string_view bytes) {
  // A null pointer would bind NULL, not an empty blob.
  const char* const data = bytes.data() != nullptr ? bytes.data() : "";
  const int code = sqlite3_bind_blob64(handle_, index, data, bytes.size(), SQLITE_STATIC);
  if (code != SQLITE_OK) where_.fail(code);
  return *this;
}

bool query::step() {
  const int code = sqlite3_step(handle_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) where_.fail(code);
  return false;
}

int query::run() {
  while (step()) {
  }
  return sqlite3_changes(where_.handle());
}

std::string_view query::blob(int column) {
  const auto* const data = static_cast<const char*>(sqlite3_column_blob(handle_, column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(handle_, column));
  return data != nullptr ? std::string_view{data, size} : std::string_view{};
}

transaction::transaction(connection& where, statements& with, kind what) : where_{where}, with_{with} {
  query{where_, what == kind::read ? with_.begin_read : with_.begin_write}.step();
}

transaction::~transaction() {
  // After some errors SQLite has rolled back already.
  if (!open_ || sqlite3_get_autocommit(where_.handle()) != 0) return;
  try {
    query{where_, with_.rollback}.step();
  } catch (...) {  // The connection's next BEGIN tells.
  }
}

void transaction::commit() {
  try {
    query{where_, with_.commit}.step();
    open_ = false;
  } catch (failure& why) {
    // A full disk leaves the commit's last frame incomplete: it did not happen. After another I/O error nobody knows.
    if (why.reopen) why.unknown = true;
    throw;
  }
}

}  // namespace holdfast::sqlite
