// The tables stay small: names come and go, and renewals leave nothing behind.
#include <thread>

#include "fixture.hpp"
#include "session.hpp"

namespace holdfast::mysql::test {
namespace {

// A sanitizer's build asks as often, a hundredth as much.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int names = 2'000;
constexpr int renewals = 20;
#else
constexpr int names = 100'000;
constexpr int renewals = 1'000;
#endif

class mysql_growth : public mysql_test {
 protected:
  [[nodiscard]] long count(const std::string& table) const {
    return std::stol(server_.admin("SELECT COUNT(*) FROM " + table, database_));
  }
  [[nodiscard]] long bytes() const {
    server_.admin("ANALYZE TABLE holdfast", database_);
    return std::stol(
        server_.admin("SELECT DATA_LENGTH + INDEX_LENGTH FROM information_schema.TABLES WHERE "
                      "TABLE_SCHEMA = '" +
                      database_ + "' AND TABLE_NAME = 'holdfast'"));
  }
};

TEST_F(mysql_growth, names_that_are_done_with_are_forgotten_and_their_tokens_are_not) {
  const auto store = open(url_);
  const auto keeps = ask_for("m", 600s);
  const auto kept = grant(*store, keeps);
  constexpr int threads = 8;
  std::vector<std::thread> all;
  std::atomic<int> failed{0};
  std::atomic<std::uint64_t> highest{0};
  for (int t = 0; t < threads; ++t)
    all.emplace_back([&, t] {
      for (int i = t; i < names; i += threads) {
        const auto what = ask_by_anyone("n" + std::to_string(i));
        const auto answer = store->acquire(what, true, soon());
        if (answer.is != outcome::granted) ++failed;
        if (i == t) highest = std::max<std::uint64_t>(highest, answer.token);
        if (store->release(lease_of(what, answer.token), soon()).is != release_outcome::released) ++failed;
      }
    });
  for (auto& each : all) each.join();
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(count("holdfast"), names + 1);
  // An hour later, as far as the tokens tell.
  server_.admin(
      "UPDATE holdfast SET last = last - 7200000000, token = token - 7200000000 "
      "WHERE name LIKE 'n%'",
      database_);
  // From now on those that come make those go.
  int fresh = 0;
  EXPECT_TRUE(eventually(
      [&] {
        for (int i = 0; i < 200; ++i, ++fresh) {
          const auto what = ask_by_anyone("fresh" + std::to_string(fresh));
          release(*store, what, grant(*store, what));
        }
        return count("holdfast") <= fresh + 1;
      },
      240s));
  EXPECT_EQ(renew(*store, keeps, 30s), core::renew_verdict::renewed);  // What is held is left alone.
  EXPECT_EQ(release(*store, keeps, kept), release_outcome::released);
  EXPECT_GT(std::stoll(server_.admin("SELECT floor_token FROM holdfast_state", database_)), 0);
  EXPECT_GT(grant(*store, ask_for("n0")), highest);
}

TEST_F(mysql_growth, clean_up_passes_over_what_is_locked_and_what_another_client_cleans) {
  const auto store = open(url_);
  for (const char* name : {"a", "b", "c"}) {
    const auto what = ask_for(name);
    release(*store, what, grant(*store, what));
  }
  grant(*store, ask_for("held"));
  const std::string clean = "CALL holdfast_clean(9223372036854775807, 0, -1000000, 100, NULL)";
  session third{server_, database_};
  ASSERT_EQ(third.run("START TRANSACTION"), 0U);
  ASSERT_EQ(third.run("SELECT * FROM holdfast_state FOR UPDATE"), 0U);
  EXPECT_EQ(server_.admin(clean, database_), "0\t");
  ASSERT_EQ(third.run("ROLLBACK"), 0U);
  ASSERT_EQ(third.run("START TRANSACTION"), 0U);
  ASSERT_EQ(third.run("SELECT * FROM holdfast WHERE name = 'b' FOR UPDATE"), 0U);
  EXPECT_EQ(server_.admin(clean, database_), "2\t");
  ASSERT_EQ(third.run("ROLLBACK"), 0U);
  EXPECT_EQ(server_.admin(clean, database_), "1\t");
  EXPECT_EQ(count("holdfast"), 1);
}

TEST_F(mysql_growth, clean_up_by_hand_walks_over_all_names) {
  const auto store = open(url_);
  for (int i = 0; i < 1200; ++i) {
    const auto what = ask_for("n" + std::to_string(i));
    release(*store, what, grant(*store, what));
  }
  std::string cursor;
  std::uint64_t forgotten = 0;
  int calls = 0;
  const auto walk = [&] {
    do {
      const auto how = store->clean_up(cursor, forgotten, soon());
      ASSERT_TRUE(how.ok()) << how.message();
      ++calls;
    } while (!cursor.empty());
  };
  walk();
  EXPECT_EQ(forgotten, 0U);  // Used just now.
  EXPECT_GE(calls, 3);
  server_.admin("UPDATE holdfast SET last = last - 120000000, token = token - 120000000", database_);
  walk();
  EXPECT_EQ(forgotten, 1200U);
  EXPECT_EQ(count("holdfast"), 0);
}

TEST_F(mysql_growth, waiters_that_nobody_asks_after_are_cleaned_up) {
  const auto store = open(url_);
  grant(*store, ask_for("r"));
  {
    const auto dying = open(url_ + "?pool=2");
    queue(*dying, ask_for("r"));
  }
  server_.admin("UPDATE holdfast_waiter SET seen = seen - 600000000", database_);
  server_.admin("CALL holdfast_clean(9223372036854775807, 0, 3600000000, 100, NULL)", database_);
  EXPECT_EQ(count("holdfast_waiter"), 0);
  EXPECT_EQ(server_.admin("SELECT queued FROM holdfast", database_), "0");
}

TEST_F(mysql_growth, renewals_do_not_make_the_table_grow) {
  const auto store = open(url_);
  std::vector<core::request> all;
  std::vector<core::lease_ref> leases;
  for (int i = 0; i < 1000; ++i) all.push_back(ask_for("r" + std::to_string(i), 300s));
  for (const auto& each : all) {
    grant(*store, each);
    leases.push_back(lease_of(each, 0, 300s));
  }
  const auto before = bytes();
  std::vector<core::renew_verdict> verdicts(500);
  for (int i = 0; i < renewals; ++i) {
    for (std::size_t from : {std::size_t{0}, std::size_t{500}}) {
      const auto answer = store->renew(std::span{leases}.subspan(from, 500), verdicts, soon());
      ASSERT_TRUE(answer.why.ok()) << answer.why.message();
      ASSERT_EQ(std::count(verdicts.begin(), verdicts.end(), core::renew_verdict::renewed), 500);
    }
  }
  EXPECT_LE(bytes(), 2 * before);
}

}  // namespace
}  // namespace holdfast::mysql::test
