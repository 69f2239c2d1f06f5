// The server's clock is set while locks are held: tokens only rise, and who knew the clock before takes nothing that a
// live holder still renews.
#include <cstdio>

#include "fixture.hpp"

namespace holdfast::mysql::test {
namespace {

constexpr const char* library = "/usr/$LIB/faketime/libfaketimeMT.so.1";

class mysql_clock : public ::testing::Test {
 protected:
  mysql_clock() {
    grant(*holder_, ask_for("warm up"));
    grant(*other_, ask_for("warm up too"));
  }

  /// From now on the server's clock is so many seconds off.
  void set_clock(int seconds) const {
    char text[32];
    std::snprintf(text, sizeof text, "%+d\n", seconds);
    holdfast::testing::write_file(file_ + ".new", text);
    ASSERT_EQ(std::rename((file_ + ".new").c_str(), file_.c_str()), 0);
  }
  static std::string begun(const std::string& file) {
    holdfast::testing::write_file(file, "+0\n");
    return file;
  }
  bool busy(core::store& at) const { return at.acquire(ask_for("r"), false, soon()).is == outcome::busy; }

  holdfast::testing::temporary_folder folder_;
  const std::string file_ = begun(folder_.file("clock"));
  mariadb_server server_{{.environment = {{"LD_PRELOAD", library},
                                          {"FAKETIME_TIMESTAMP_FILE", file_},
                                          {"FAKETIME_NO_CACHE", "1"},
                                          {"FAKETIME_DONT_FAKE_MONOTONIC", "1"}}}};
  const std::string url_ = server_.url("hf_clock");
  // What makes URLs differ keeps clients from sharing what they know of the clock.
  const std::unique_ptr<core::store> holder_ = open(url_ + "?pool=2");
  const std::unique_ptr<core::store> other_ = open(url_ + "?pool=3");
};

TEST_F(mysql_clock, the_clock_of_the_tests_can_be_set) {
  const auto before = std::stoll(server_.admin("SELECT TIMESTAMPDIFF(SECOND, '1970-01-01', UTC_TIMESTAMP(6))"));
  set_clock(3600);
  const auto after = std::stoll(server_.admin("SELECT TIMESTAMPDIFF(SECOND, '1970-01-01', UTC_TIMESTAMP(6))"));
  EXPECT_GE(after - before, 3600);
  EXPECT_LT(after - before, 3700);
}

TEST_F(mysql_clock, set_forward_an_hour) {
  const auto what = ask_for("r", 20s);
  const auto token = grant(*holder_, what);
  set_clock(3600);
  EXPECT_TRUE(busy(*other_));
  EXPECT_TRUE(busy(*other_));  // Now it knows of the step.
  EXPECT_EQ(renew(*holder_, what, 20s), core::renew_verdict::renewed);
  EXPECT_TRUE(busy(*other_));
  EXPECT_EQ(renew(*holder_, what, 20s), core::renew_verdict::renewed);
  EXPECT_EQ(release(*holder_, what, token), release_outcome::released);
  EXPECT_GT(grant(*other_, ask_for("r")), token);
}

TEST_F(mysql_clock, set_forward_an_hour_clean_up_by_hand_leaves_alone_what_is_held) {
  const auto what = ask_for("r", 20s);
  grant(*holder_, what);
  set_clock(3600);
  const auto late = open(url_ + "?pool=4");
  std::string cursor;
  std::uint64_t forgotten = 0;
  ASSERT_TRUE(late->clean_up(cursor, forgotten, soon()).ok());
  EXPECT_EQ(renew(*holder_, what, 20s), core::renew_verdict::renewed);
}

TEST_F(mysql_clock, set_forward_an_hour_with_a_waiter) {
  const auto what = ask_for("r", 20s);
  const auto token = grant(*holder_, what);
  const auto next = ask_for("r", 20s);
  hints heard{*other_};
  queue(*other_, next);
  set_clock(3600);
  EXPECT_EQ(other_->claim(next, soon()).is, outcome::queued);
  EXPECT_EQ(renew(*holder_, what, 20s), core::renew_verdict::renewed);
  EXPECT_EQ(release(*holder_, what, token), release_outcome::released);
  EXPECT_TRUE(heard.await(next.owner));
  EXPECT_GT(claim_in_time(*other_, next), token);
}

TEST_F(mysql_clock, set_forward_an_hour_a_dead_holders_lease_still_ends) {
  const auto token = grant(*holder_, ask_for("r", 2s));
  set_clock(3600);
  const auto next = ask_for("r");
  queue(*other_, next);
  EXPECT_GT(claim_in_time(*other_, next), token);
}

TEST_F(mysql_clock, who_never_saw_the_clock_before_takes_what_seems_to_be_over) {
  const auto what = ask_for("r", 20s);
  const auto token = grant(*holder_, what);
  set_clock(3600);
  const auto fresh = open(url_ + "?pool=4");
  // The limit that GUARANTEES tells of; the token is what protects the resource then.
  EXPECT_GT(grant(*fresh, ask_for("r")), token);
  EXPECT_EQ(renew(*holder_, what, 20s), core::renew_verdict::lost);
}

TEST_F(mysql_clock, set_back_an_hour) {
  const auto what = ask_for("r", 20s);
  const auto token = grant(*holder_, what);
  set_clock(-3600);
  EXPECT_TRUE(busy(*other_));
  EXPECT_EQ(renew(*holder_, what, 20s), core::renew_verdict::renewed);
  EXPECT_TRUE(busy(*other_));
  const auto next = ask_for("r", 20s);
  queue(*other_, next);
  EXPECT_EQ(release(*holder_, what, token), release_outcome::released);
  const auto theirs = claim_in_time(*other_, next);
  EXPECT_GT(theirs, token);
  EXPECT_EQ(release(*other_, next, theirs), release_outcome::released);
  EXPECT_GT(grant(*holder_, ask_for("r")), theirs);
}

}  // namespace
}  // namespace holdfast::mysql::test
