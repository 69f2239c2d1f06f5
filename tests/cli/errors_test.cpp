#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "command_test.hpp"

namespace holdfast::testing {
namespace {

/// What people get wrong, and what machines do: each has a message and a code of its own, and nothing hangs.
class errors_test : public command_test {
 protected:
  /// The command line is refused with 64, and the message names what is wrong with it.
  void refused(const words& arguments, const std::string& named) {
    const ended one = holdfast(arguments);
    EXPECT_EQ(one.code, 64) << one.err;
    EXPECT_EQ(one.err.rfind("holdfast: ", 0), 0u) << one.err;
    EXPECT_NE(one.err.find(named), std::string::npos) << one.err << "does not say " << named;
    EXPECT_EQ(one.out, "");
  }

  ended run_on(const std::string& store) { return holdfast({"run", "-s", store, "k", "--", "echo", "ran"}); }

  void fails(const std::string& store, int code, const std::string& named) {
    const ended one = run_on(store);
    EXPECT_EQ(one.code, code) << one.err;
    EXPECT_EQ(one.out, "");
    EXPECT_NE(one.err.find(named), std::string::npos) << one.err << "does not say " << named;
  }
};

TEST_F(errors_test, usage) {
  refused({}, "no command");
  refused({"frobnicate"}, "frobnicate");
  refused({"run"}, "NAME");
  refused({"run", "k"}, "--");
  refused({"run", "k", "--"}, "--");
  refused({"run", "k", "true"}, "true");
  refused({"run", "--frob", "k", "--", "true"}, "--frob");
  refused({"run", "-n", "-w", "5", "k", "--", "true"}, "--no-wait");
  refused({"show"}, "NAME");
  refused({"break", "k"}, "--token");
  refused({"break", "k", "--token", "abc"}, "abc");
  refused({"break", "k", "--token", "-1"}, "-1");
  refused({"help", "frobnicate"}, "frobnicate");
}

TEST_F(errors_test, durations) {
  for (const char* text : {"abc", "-5", "-5s", "10x", "1e3", "99999999999999999999", "99999999999999h", "1..5s"}) {
    refused({"run", "-w", text, "k", "--", "true"}, text);
    refused({"run", "--ttl", text, "k", "--", "true"}, text);
  }
  for (const char* text : {"0", "0s", "999ms", "0.5"}) refused({"run", "--ttl", text, "k", "--", "true"}, text);
  refused({"run", "--ttl", "9000h", "k", "--", "true"}, "9000h");
  EXPECT_EQ(holdfast({"run", "--ttl", "1s", "k", "--", "true"}).code, 0);
}

TEST_F(errors_test, numbers) {
  refused({"run", "-E", "256", "k", "--", "true"}, "256");
  refused({"run", "-E", "-1", "k", "--", "true"}, "-1");
  refused({"run", "-E", "x", "k", "--", "true"}, "'x'");
  refused({"run", "--slots", "0", "k", "--", "true"}, "'0'");
  refused({"run", "--slots", "99999999999", "k", "--", "true"}, "99999999999");
}

TEST_F(errors_test, names) {
  refused({"run", "", "--", "true"}, "empty");
  refused({"run", std::string(256, 'x'), "--", "true"}, "255");
  refused({"show", ""}, "empty");
  refused({"show", std::string(256, 'x')}, "255");
  EXPECT_EQ(holdfast({"run", std::string(255, 'x'), "--", "true"}).code, 0);
}

TEST_F(errors_test, urls) {
  refused({"run", "-s", "frob:thing", "k", "--", "true"}, "frob");
  refused({"run", "-s", "no url", "k", "--", "true"}, "no url");
  refused({"run", "-s", "", "k", "--", "true"}, "--store");
  refused({"run", "-s", "sqlite:", "k", "--", "true"}, "sqlite:");
  refused({"run", "-s", "sqlite:/tmp/%zz", "k", "--", "true"}, "%zz");
  refused({"ls", "-s", "frob:thing"}, "frob");
}

TEST_F(errors_test, passwords_are_not_shown) {
  const ended one = run_on("frob://me:s3cret@host/");
  EXPECT_EQ(one.code, 64);
  EXPECT_EQ(one.err.find("s3cret"), std::string::npos) << one.err;
  for (const words& misplaced :
       {words{"redis://me:s3cret@host", "ls"}, words{"ls", "a", "redis://me:s3cret@host"},
        words{"run", "k", "redis://:s3cret@host", "--", "true"}, words{"show", "k", "mysql://host/?password=s3cret"}}) {
    const ended other = holdfast(misplaced);
    EXPECT_EQ(other.code, 64);
    EXPECT_EQ(other.err.find("s3cret"), std::string::npos) << other.err;
  }
}

TEST_F(errors_test, modes_that_the_store_does_not_serve) {
  const ended shared = holdfast({"run", "--shared", "k", "--", "true"});
  EXPECT_EQ(shared.code, 78);
  EXPECT_NE(shared.err.find("--shared"), std::string::npos) << shared.err;
  EXPECT_EQ(holdfast({"run", "--slots", "3", "k", "--", "true"}).code, 78);
  EXPECT_EQ(holdfast({"run", "--slots", "1", "k", "--", "true"}).code, 0);
}

TEST_F(errors_test, a_folder_that_is_not_there) { fails("sqlite:" + folder_.file("no/such/locks.db"), 78, "no/such"); }

TEST_F(errors_test, a_file_that_is_no_database) {
  write_file(folder_.file("letter.txt"), std::string(5000, 'x') + "Dear Sir or Madam");
  fails("sqlite:" + folder_.file("letter.txt"), 78, "letter.txt");
  EXPECT_EQ(read_file(folder_.file("letter.txt")).size(), 5017u);
}

TEST_F(errors_test, a_folder_in_place_of_a_file) { fails("sqlite:" + folder_.path(), 78, folder_.path()); }

/// A small file system of the test's own, for what a folder's permissions can't show to root.
class small_file_system {
 public:
  small_file_system(const std::string& at, const char* options) : at_{at} {
    ::mkdir(at_.c_str(), 0755);
    mounted_ = ::mount("none", at_.c_str(), "tmpfs", 0, options) == 0;
    error_ = errno;
  }
  ~small_file_system() {
    if (mounted_) ::umount2(at_.c_str(), MNT_DETACH);
  }
  small_file_system(const small_file_system&) = delete;
  small_file_system& operator=(const small_file_system&) = delete;
  [[nodiscard]] bool mounted() const { return mounted_; }
  [[nodiscard]] std::string why() const {
    return std::string{"mounting a tmpfs (needs root): "} + std::strerror(error_);
  }
  bool make_read_only() const { return ::mount("none", at_.c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, nullptr) == 0; }

 private:
  std::string at_;
  bool mounted_ = false;
  int error_ = 0;
};

TEST_F(errors_test, a_read_only_folder) {
  const std::string at = folder_.file("read-only");
  const small_file_system disk{at, "size=1m"};
  ASSERT_TRUE(disk.mounted()) << disk.why();
  ASSERT_TRUE(disk.make_read_only());
  const ended one = run_on("sqlite:" + at + "/locks.db");
  EXPECT_EQ(one.code, 78) << one.err;
  EXPECT_NE(one.err.find(at), std::string::npos) << one.err;
}

TEST_F(errors_test, a_database_on_a_disk_turned_read_only) {
  const std::string at = folder_.file("read-only");
  const small_file_system disk{at, "size=4m"};
  ASSERT_TRUE(disk.mounted()) << disk.why();
  const std::string store = "sqlite:" + at + "/locks.db";
  EXPECT_EQ(run_on(store).code, 0);
  ASSERT_TRUE(disk.make_read_only());
  const ended one = run_on(store);
  EXPECT_EQ(one.code, 78) << one.err;
  EXPECT_EQ(one.out, "");
}

TEST_F(errors_test, a_full_disk) {
  const std::string at = folder_.file("full");
  const small_file_system disk{at, "size=64k"};
  ASSERT_TRUE(disk.mounted()) << disk.why();
  process fill{launch{.words = {"dd", "if=/dev/zero", "of=" + at + "/filler", "bs=4096"}}, folder_.path()};
  EXPECT_NE(fill.wait(), 0);
  const ended one = run_on("sqlite:" + at + "/locks.db");
  EXPECT_TRUE(one.code == 69 || one.code == 78) << one.code << one.err;
  EXPECT_NE(one.err.find("full"), std::string::npos) << one.err;
  EXPECT_EQ(one.out, "");
}

TEST_F(errors_test, a_database_that_another_program_has_locked) {
  EXPECT_EQ(run_on(store_).code, 0);
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open(folder_.file("locks.db").c_str(), &other), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(other, "BEGIN EXCLUSIVE", nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(other);
  const ended one = run_on(store_);
  EXPECT_EQ(one.code, 69) << one.err;
  EXPECT_NE(one.err.find("lock"), std::string::npos) << one.err;
  EXPECT_EQ(one.out, "");
  sqlite3_close(other);
  EXPECT_EQ(run_on(store_).code, 0);
}

TEST_F(errors_test, an_outcome_that_can_not_be_written) {
  const ended one = holdfast({"run", "--json", folder_.file("no/such/file"), "k", "--", "true"});
  EXPECT_EQ(one.code, 0);
  EXPECT_NE(one.err.find("no/such/file"), std::string::npos) << one.err;
}

TEST_F(errors_test, a_default_store_that_can_not_be_made) {
  write_file(folder_.file("file"), "");
  launch what = prepare({"run", "k", "--", "true"});
  what.environment = {{"HOLDFAST_STORE", ""}, {"XDG_STATE_HOME", folder_.file("file")}};
  process one{what, folder_.path()};
  EXPECT_EQ(one.wait(), 78);
  EXPECT_NE(one.err().find(folder_.file("file")), std::string::npos) << one.err();
}

}  // namespace
}  // namespace holdfast::testing
