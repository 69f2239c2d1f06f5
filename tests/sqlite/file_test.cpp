#include <fcntl.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <cstdio>
#include <fstream>
#include <thread>

#include "fixture.hpp"
#include "holdfast/options.hpp"
#include "store/sqlite/boot_identity.hpp"
#include "store/sqlite/errors.hpp"
#include "store/sqlite/file_system.hpp"

/// What can be wrong with the file, and what is said of it.
namespace holdfast::sqlite::test {
namespace {

using ::testing::Test;

class sqlite_file : public with_store {};

std::string read_all(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

void write_all(const std::string& path, std::string_view text) { std::ofstream{path, std::ios::binary} << text; }

/// Another program, on the same file.
class other_program {
 public:
  explicit other_program(const std::string& path) { EXPECT_EQ(sqlite3_open(path.c_str(), &db_), SQLITE_OK); }
  ~other_program() { sqlite3_close(db_); }
  other_program(const other_program&) = delete;
  other_program& operator=(const other_program&) = delete;
  void run(const char* sql) {
    EXPECT_EQ(sqlite3_exec(db_, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db_);
  }
  std::int64_t number(const char* sql) {
    sqlite3_stmt* ask = nullptr;
    EXPECT_EQ(sqlite3_prepare_v2(db_, sql, -1, &ask, nullptr), SQLITE_OK) << sqlite3_errmsg(db_);
    const auto value = sqlite3_step(ask) == SQLITE_ROW ? sqlite3_column_int64(ask, 0) : -1;
    sqlite3_finalize(ask);
    return value;
  }

 private:
  sqlite3* db_ = nullptr;
};

void expect_failure(const status& how, errc code, std::string_view part, const std::string& path) {
  EXPECT_EQ(how, code) << how.message();
  EXPECT_NE(how.message().find(part), std::string::npos) << how.message();
  EXPECT_NE(how.message().find(path), std::string::npos) << how.message();
}

TEST_F(sqlite_file, is_made_for_its_owner_alone) {
  ASSERT_TRUE(open(path)->ping(soon()).ok());
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(sqlite_file, its_directory_must_be_there) {
  const auto missing = where / "none/locks.db";
  expect_failure(open(missing)->ping(soon()), errc::misconfigured, "there is no directory", missing);
  EXPECT_FALSE(std::filesystem::exists(where / "none"));
}

TEST_F(sqlite_file, may_not_be_a_directory) {
  expect_failure(open(where.path())->ping(soon()), errc::misconfigured, "directory", where.path());
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  expect_failure(open(path)->ping(soon()), errc::misconfigured, "regular file", path);
}

TEST_F(sqlite_file, may_not_be_something_else) {
  const std::string text(5000, 'x');
  write_all(path, text);
  expect_failure(open(path)->ping(soon()), errc::misconfigured, "not a database", path);
  EXPECT_EQ(read_all(path), text);
  write_all(path, "short");
  expect_failure(open(path)->ping(soon()), errc::misconfigured, "not a database", path);
}

TEST_F(sqlite_file, another_programs_database_is_left_alone) {
  other_program{path}.run("CREATE TABLE theirs(x); INSERT INTO theirs VALUES(1)");
  const auto before = read_all(path);
  expect_failure(open(path)->ping(soon()), errc::misconfigured, "another program", path);
  EXPECT_EQ(read_all(path), before);
  other_program{path}.run("PRAGMA application_id = 7");
  expect_failure(open(path)->ping(soon()), errc::misconfigured, "another program", path);
}

TEST_F(sqlite_file, another_versions_database_is_refused) {
  ASSERT_TRUE(open(path)->ping(soon()).ok());
  other_program{path}.run("PRAGMA user_version = 99");
  expect_failure(open(path)->ping(soon()), errc::misconfigured, "another version", path);
}

TEST_F(sqlite_file, changed_tables_are_told) {
  const auto store = open(path);
  ASSERT_TRUE(store->ping(soon()).ok());
  other_program{path}.run("DROP TABLE lease");
  expect_failure(store->acquire(ask_for("a"), true, soon()).why, errc::misconfigured, "changed", path);
}

TEST_F(sqlite_file, a_lock_of_another_program_ends_in_time) {
  const auto store = open(path);
  ASSERT_TRUE(store->ping(soon()).ok());
  other_program other{path};
  other.run("BEGIN IMMEDIATE");
  const auto start = boot_clock::now();
  const auto answer = store->acquire(ask_for("a"), true, start + 300ms);
  expect_failure(answer.why, errc::unavailable, "locked by another program", path);
  EXPECT_FALSE(answer.unknown);
  EXPECT_GE(boot_clock::now() - start, 250ms);
  EXPECT_LT(boot_clock::now() - start, 10s);
  other.run("ROLLBACK");
  EXPECT_EQ(store->acquire(ask_for("a"), true, soon()).is, outcome::granted);
}

TEST_F(sqlite_file, opening_a_locked_file_ends_in_time) {
  other_program other{path};
  other.run("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
  expect_failure(open(path)->ping(boot_clock::now() + 300ms), errc::unavailable, "locked by another program", path);
  other.run("ROLLBACK");
}

TEST_F(sqlite_file, many_may_make_it_at_once) {
  std::vector<std::jthread> threads;
  std::atomic<int> granted{0};
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      const auto store = open(path);
      const auto answer = store->acquire(ask_for("a"), false, soon());
      EXPECT_TRUE(answer.why.ok()) << answer.why.message();
      if (answer.is == outcome::granted) ++granted;
    });
  }
  threads.clear();
  EXPECT_EQ(granted, 1);
}

TEST_F(sqlite_file, a_file_put_in_its_place_is_used) {
  const auto store = open(path);
  ASSERT_EQ(store->acquire(ask_for("a"), false, soon()).is, outcome::granted);
  for (const auto* end : {"", "-wal", "-shm"}) std::filesystem::remove(path + end);
  const auto fresh = open(path);
  ASSERT_EQ(fresh->acquire(ask_for("a"), false, soon()).is, outcome::granted);
  EXPECT_EQ(store->acquire(ask_for("a"), false, soon()).is, outcome::busy);
}

TEST_F(sqlite_file, its_log_stays_short_where_short_lived_processes_follow_each_other) {
  for (int i = 0; i < 150; ++i) {
    const auto store = open(path);
    const auto mine = ask_for("a");
    const auto answer = store->acquire(mine, false, soon());
    ASSERT_EQ(answer.is, outcome::granted);
    store->release(lease_of(mine, answer.token), soon());
  }
  EXPECT_LT(std::filesystem::file_size(path + "-wal"), 200'000u);
}

TEST_F(sqlite_file, its_log_stays_bounded_in_a_long_lived_process) {
  const auto store = open(path);
  for (int i = 0; i < 3000; ++i) {
    const auto mine = ask_for("a");
    const auto answer = store->acquire(mine, false, soon());
    ASSERT_EQ(answer.is, outcome::granted);
    store->release(lease_of(mine, answer.token), soon());
  }
  EXPECT_LT(std::filesystem::file_size(path + "-wal"), 2'500'000u);
}

TEST_F(sqlite_file, rights_are_needed) {
  ASSERT_EQ(::chmod(where.path().c_str(), 0755), 0);
  ASSERT_TRUE(open(path)->ping(soon()).ok());
  const auto as_nobody = [&](const std::string& file) {
    return in_child([&] {
      if (::geteuid() == 0 && ::setresuid(65534, 65534, 65534) != 0) return 2;
      const auto how = open(file)->ping(soon());
      return how == errc::not_authorised && how.message().find("permission denied") != std::string::npos ? 0 : 1;
    });
  };
  if (::geteuid() != 0) {
    ASSERT_EQ(::chmod(path.c_str(), 0400), 0);
    ASSERT_EQ(::chmod(where.path().c_str(), 0555), 0);
  }
  EXPECT_EQ(as_nobody(path), 0);
  EXPECT_EQ(as_nobody(where / "new.db"), 0);
  ::chmod(where.path().c_str(), 0755);
  if (::geteuid() == 0) {
    // The file may be written, but not its directory: no log can be made.
    ASSERT_EQ(::chmod(path.c_str(), 0666), 0);
    EXPECT_EQ(as_nobody(path), 0);
  }
}

/// A mount of its own, where that is allowed.
class small_disk {
 public:
  explicit small_disk(const std::string& path) : path_{path} {
    std::filesystem::create_directory(path);
    mounted_ = ::mount("tmpfs", path.c_str(), "tmpfs", 0, "size=256k") == 0;
  }
  ~small_disk() {
    if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
  }
  small_disk(const small_disk&) = delete;
  small_disk& operator=(const small_disk&) = delete;
  [[nodiscard]] bool mounted() const { return mounted_; }
  bool make_read_only() { return ::mount("tmpfs", path_.c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, nullptr) == 0; }

 private:
  std::string path_;
  bool mounted_ = false;
};

bool fill(const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  const std::string block(4096, 'x');
  while (::write(fd, block.data(), block.size()) > 0) {
  }
  const bool full = errno == ENOSPC;
  ::close(fd);
  return full;
}

/// Where mounting is not allowed, sqlite_errors below is what tests the messages.
TEST_F(sqlite_file, a_full_disk_is_told_and_changes_nothing) {
  const small_disk disk{where / "disk"};
  if (!disk.mounted()) {
    std::puts("no right to mount: the messages alone are tested");
    return;
  }
  const auto file = where / "disk/locks.db";
  const auto store = open(file);
  const auto held = ask_for("held");
  const auto token = store->acquire(held, false, soon()).token;
  ASSERT_TRUE(fill(where / "disk/filler"));
  core::turn_answer last;
  std::vector<core::request> asked;
  for (int i = 0; i < 2000 && last.why.ok(); ++i) {
    asked.push_back(ask_for("name" + std::to_string(i)));
    last = store->acquire(asked.back(), false, soon());
  }
  expect_failure(last.why, errc::unavailable, "disk full", file);
  EXPECT_FALSE(last.unknown);
  resource_view view;
  ASSERT_TRUE(store->inspect(asked.back().resource, view, soon()).ok());
  EXPECT_TRUE(view.holders.empty());
  expect_failure(open(where / "disk/new.db")->ping(soon()), errc::unavailable, "disk full", "disk/new.db");
  std::filesystem::remove(where / "disk/filler");
  EXPECT_EQ(store->acquire(asked.back(), false, soon()).is, outcome::granted);
  EXPECT_EQ(store->release(lease_of(held, token), soon()).is, core::release_answer::outcome::released);
}

TEST_F(sqlite_file, a_read_only_file_system_is_told) {
  small_disk disk{where / "disk"};
  if (!disk.mounted()) {
    std::puts("no right to mount: the messages alone are tested");
    return;
  }
  const auto file = where / "disk/locks.db";
  ASSERT_TRUE(open(file)->ping(soon()).ok());
  ASSERT_TRUE(disk.make_read_only());
  expect_failure(open(file)->ping(soon()), errc::misconfigured, "read-only", file);
  expect_failure(open(where / "disk/new.db")->ping(soon()), errc::misconfigured, "read-only", "disk/new.db");
}

TEST(sqlite_errors, say_what_to_do) {
  const std::string path = "/d/locks.db";
  expect_failure(explain(SQLITE_FULL, ENOSPC, "", path), errc::unavailable, "disk full", path);
  expect_failure(explain(SQLITE_IOERR_WRITE, EDQUOT, "", path), errc::unavailable, "disk full", path);
  expect_failure(explain(SQLITE_IOERR_WRITE, EIO, "disk I/O error", path), errc::unavailable, "Input/output", path);
  expect_failure(explain(SQLITE_BUSY, 0, "", path), errc::unavailable, "locked by another program", path);
  expect_failure(explain(SQLITE_CORRUPT, 0, "", path), errc::misconfigured, "damaged", path);
  expect_failure(explain(SQLITE_READONLY, 0, "", path), errc::misconfigured, "read-only", path);
  expect_failure(explain_open(EROFS, path, path), errc::misconfigured, "read-only", path);
  expect_failure(explain_open(EPERM, path, path), errc::misconfigured, "read-only", path);
  expect_failure(explain_open(EACCES, path, path), errc::not_authorised, "permission denied", path);
  expect_failure(explain_open(ENOSPC, path, path), errc::unavailable, "disk full", path);
  expect_failure(explain_open(ENOENT, path, path), errc::misconfigured, "no directory /d", path);
}

TEST(sqlite_file_system, tells_those_that_cannot_be_trusted) {
  for (const std::uint64_t type : {0x6969u, 0xFF534D42u, 0xFE534D42u, 0x517Bu, 0x65735546u, 0x01021997u, 0x786F4256u}) {
    EXPECT_TRUE(untrusted_file_system(type).has_value()) << type;
  }
  for (const std::uint64_t type : {0xEF53u, 0x01021994u, 0x58465342u, 0x9123683Eu, 0x794C7630u, 0x2FC12FC1u}) {
    EXPECT_FALSE(untrusted_file_system(type).has_value()) << type;
  }
  EXPECT_TRUE(check_file_system("/tmp/any", "sqlite:/tmp/any").ok());
}

TEST(sqlite_time_namespace, reads_the_offset) {
  EXPECT_EQ(parse_boottime_offset("monotonic           0         0\nboottime            0         0\n"), duration{0});
  EXPECT_EQ(parse_boottime_offset("monotonic       86400         5\nboottime       604800        17\n"),
            604800s + 17ns);
  EXPECT_EQ(parse_boottime_offset("boottime -10 500000000"), -10s + 500ms);
  EXPECT_EQ(parse_boottime_offset("monotonic 1 2\n"), std::nullopt);
  EXPECT_EQ(parse_boottime_offset("boottime x"), std::nullopt);
  EXPECT_EQ(parse_boottime_offset(""), std::nullopt);
}

TEST(sqlite_url, takes_a_path_and_nothing_else) {
  EXPECT_EQ(path_of(core::url::parse("sqlite:/a/b.db")), "/a/b.db");
  EXPECT_EQ(path_of(core::url::parse("sqlite:///a/b.db")), "/a/b.db");
  EXPECT_EQ(path_of(core::url::parse("sqlite:b.db")), std::filesystem::current_path() / "b.db");
  EXPECT_EQ(path_of(core::url::parse("sqlite:/a%20b")), "/a b");
  for (const auto* bad : {"sqlite:", "sqlite://host/a", "sqlite:/a?x=1", "sqlite://u:p@/a"}) {
    EXPECT_THROW(path_of(core::url::parse(bad)), error) << bad;
  }
}

TEST(sqlite_module, opens_without_touching_the_file) {
  const folder where;
  const auto* const module = holdfast_store_sqlite();
  std::unique_ptr<core::store> store;
  ASSERT_TRUE(module->open(core::url::parse("sqlite:" + (where / "x.db")), {}, store).ok());
  EXPECT_FALSE(std::filesystem::exists(where / "x.db"));
  EXPECT_TRUE(store->ping(soon()).ok());
}

}  // namespace
}  // namespace holdfast::sqlite::test
