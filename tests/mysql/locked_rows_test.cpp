// Rows that others keep locked, and transactions that stand in each other's way.
#include <array>
#include <atomic>
#include <thread>

#include "faults.hpp"
#include "holdfast/holdfast.hpp"
#include "session.hpp"

namespace holdfast::mysql::test {
namespace {

class mysql_locked_rows : public mysql_faults {};

TEST_F(mysql_locked_rows, a_renewal_given_up_for_a_locked_row_does_not_keep_the_others_from_the_next_one) {
  const auto store = open(url_);
  const std::array all{ask_for("a"), ask_for("b"), ask_for("c")};
  std::vector<core::lease_ref> leases;
  for (const auto& each : all) leases.push_back(lease_of(each, grant(*store, each)));
  session third{server_, database_};
  ASSERT_EQ(third.run("START TRANSACTION"), 0U);
  ASSERT_EQ(third.run("SELECT * FROM holdfast WHERE name = 'c' FOR UPDATE"), 0U);
  std::vector<core::renew_verdict> verdicts(all.size());
  EXPECT_FALSE(store->renew(leases, verdicts, soon(300ms)).why.ok());
  // What is locked is passed over: at first that may be all, until the server has undone the one that was given up.
  EXPECT_TRUE(eventually([&] {
    static_cast<void>(store->renew(leases, verdicts, soon(5s)));
    return verdicts[0] == core::renew_verdict::renewed && verdicts[1] == core::renew_verdict::renewed;
  }));
  EXPECT_EQ(verdicts[2], core::renew_verdict::unknown);
  ASSERT_EQ(third.run("ROLLBACK"), 0U);
}

TEST_F(mysql_locked_rows, renewals_do_not_wait_for_verbs_that_wait_for_a_lock) {
  const auto store = open(server_.url(database_, "pool=1"));
  const auto stuck = ask_for("stuck");
  release(*store, stuck, grant(*store, stuck));
  const auto what = ask_for("r");
  grant(*store, what);
  session third{server_, database_};
  ASSERT_EQ(third.run("START TRANSACTION"), 0U);
  ASSERT_EQ(third.run("SELECT * FROM holdfast WHERE name = 'stuck' FOR UPDATE"), 0U);
  std::thread waiting{[&] { grant(*store, ask_for("stuck")); }};
  EXPECT_TRUE(await_blocked(1));
  EXPECT_EQ(renew(*store, what, 30s, soon(1s)), core::renew_verdict::renewed);
  ASSERT_EQ(third.run("ROLLBACK"), 0U);
  waiting.join();
}

TEST_F(mysql_locked_rows, a_verb_outlasts_a_lock_wait_timeout) {
  const auto store = open(url_);
  const auto what = ask_for("r");
  const auto token = grant(*store, what);
  session third{server_, database_};
  ASSERT_EQ(third.run("START TRANSACTION"), 0U);
  ASSERT_EQ(third.run("SELECT * FROM holdfast WHERE name = 'r' FOR UPDATE"), 0U);
  const auto waits = [&] {
    const auto line = server_.admin("SHOW GLOBAL STATUS LIKE 'Innodb_row_lock_waits'");
    return std::stol(line.substr(line.find('\t') + 1));
  };
  const auto before = waits();
  release_outcome end{};
  std::thread releasing{[&] { end = release(*store, what, token); }};
  EXPECT_TRUE(eventually([&] { return waits() >= before + 2; }));  // Error 1205 by then, and asked again.
  third.run("ROLLBACK");
  releasing.join();
  EXPECT_EQ(end, release_outcome::released);
}

TEST_F(mysql_locked_rows, a_verb_whose_row_is_kept_locked_ends_by_its_deadline) {
  const auto store = open(url_);
  const auto what = ask_for("r");
  const auto token = grant(*store, what);
  const auto next = ask_for("r");
  session third{server_, database_};
  ASSERT_EQ(third.run("START TRANSACTION"), 0U);
  ASSERT_EQ(third.run("SELECT * FROM holdfast WHERE name = 'r' FOR UPDATE"), 0U);
  // Sooner and later than the server gives up by itself.
  for (const duration patience : {duration{500ms}, duration{3s}}) {
    const auto ends = [&](const char* verb, auto&& body) {
      const auto began = boot_clock::now();
      const status why = body(soon(patience));
      EXPECT_LT(boot_clock::now() - began, patience + 2s) << verb;
      EXPECT_EQ(why, errc::unavailable) << verb << ": " << why.message();
      EXPECT_THAT(why.message(), ::testing::HasSubstr(patience > 2s ? "kept a row locked" : "in time")) << verb;
    };
    ends("acquire", [&](time_point by) {
      auto answer = store->acquire(next, true, by);
      // What the server gave up was not carried out: there is nothing to undo.
      EXPECT_EQ(answer.unknown, patience < 2s);
      return answer.why;
    });
    ends("claim", [&](time_point by) { return store->claim(next, by).why; });
    ends("release", [&](time_point by) { return store->release(lease_of(what, token), by).why; });
    ends("withdraw", [&](time_point by) { return store->withdraw(waiter_of(next), by).why; });
    ends("renew", [&](time_point by) {
      const core::lease_ref which = lease_of(what, token);
      auto verdict = core::renew_verdict::renewed;
      auto answer = store->renew({&which, 1}, {&verdict, 1}, by);
      EXPECT_EQ(verdict, core::renew_verdict::unknown);
      return answer.why;
    });
  }
  third.run("ROLLBACK");
}

TEST_F(mysql_locked_rows, a_table_that_is_kept_locked_is_told_as_such) {
  const auto store = open(url_);
  grant(*store, ask_for("r"));
  session third{server_, database_};
  ASSERT_EQ(third.run("LOCK TABLES holdfast WRITE"), 0U);
  const auto answer = store->acquire(ask_for("s"), true, soon(3s));
  EXPECT_EQ(answer.why, errc::unavailable);
  EXPECT_THAT(answer.why.message(), ::testing::HasSubstr("locked"));
  EXPECT_FALSE(answer.unknown);
  ASSERT_EQ(third.run("UNLOCK TABLES"), 0U);
  grant(*store, ask_for("s"));
}

TEST_F(mysql_locked_rows, a_verb_outlasts_a_deadlock) {
  const auto store = open(url_);
  const auto holder = ask_for("r");
  const auto token = grant(*store, holder);
  const auto next = ask_for("r");
  queue(*store, next);
  session third{server_, database_};
  ASSERT_EQ(third.run("CREATE TABLE weight (n INT)"), 0U);
  ASSERT_EQ(third.run("START TRANSACTION"), 0U);
  // Has changed more than the other, which is therefore the one that is undone.
  ASSERT_EQ(third.run("INSERT INTO weight SELECT seq FROM seq_1_to_500"), 0U);
  ASSERT_EQ(third.run("UPDATE holdfast_waiter SET since = since + 1 WHERE name = 'r'"), 0U);
  core::turn_answer answer;
  std::thread claiming{[&] { answer = store->claim(next, soon()); }};
  EXPECT_TRUE(await_blocked(1));
  EXPECT_EQ(third.run("SELECT * FROM holdfast WHERE name = 'r' FOR UPDATE"), 0U);
  third.run("COMMIT");
  claiming.join();
  EXPECT_EQ(answer.is, outcome::queued) << answer.why.message();
  EXPECT_EQ(release(*store, holder, token), release_outcome::released);
  EXPECT_GT(claim_in_time(*store, next), token);
}

TEST_F(mysql_locked_rows, one_row_that_is_kept_locked_does_not_keep_others_from_being_renewed) {
  const auto store = open(url_);
  std::vector<core::request> all;
  std::vector<core::lease_ref> leases;
  for (int i = 0; i < 20; ++i) {
    all.push_back(ask_for("r" + std::to_string(i)));
    grant(*store, all.back());
  }
  for (const auto& each : all) leases.push_back(lease_of(each, 0, 60s));
  session third{server_, database_};
  ASSERT_EQ(third.run("START TRANSACTION"), 0U);
  ASSERT_EQ(third.run("SELECT * FROM holdfast WHERE name = 'r7' FOR UPDATE"), 0U);
  std::vector<core::renew_verdict> verdicts(leases.size());
  store->renew(leases, verdicts, soon());
  for (std::size_t i = 0; i < verdicts.size(); ++i)
    EXPECT_EQ(verdicts[i], i == 7 ? core::renew_verdict::unknown : core::renew_verdict::renewed) << i;
  third.run("ROLLBACK");
  EXPECT_EQ(renew(*store, all[7], 60s), core::renew_verdict::renewed);
}

TEST_F(mysql_locked_rows, a_release_that_crosses_a_waiter_strands_nobody) {
  const auto one = open(url_);
  const auto other = open(url_ + "?pool=3");
  std::uint64_t last = 0;
  for (int round = 0; round < 10; ++round) {
    const auto holder_of = ask_for("r");
    const auto token = grant(*one, holder_of);
    EXPECT_GT(token, last);
    last = token;
    session third{server_, database_};
    ASSERT_EQ(third.run("START TRANSACTION"), 0U);
    ASSERT_EQ(third.run("SELECT * FROM holdfast WHERE name = 'r' FOR UPDATE"), 0U);
    const auto next = ask_for("r");
    core::turn_answer answer;
    release_outcome end{};
    std::thread first;
    const auto releasing = [&] { end = release(*one, holder_of, token); };
    const auto queueing = [&] { answer = other->acquire(next, true, soon()); };
    if (round % 2 == 0)
      first = std::thread{releasing};
    else
      first = std::thread{queueing};
    EXPECT_TRUE(await_blocked(1));
    std::thread second;
    if (round % 2 == 0)
      second = std::thread{queueing};
    else
      second = std::thread{releasing};
    EXPECT_TRUE(await_blocked(2));
    third.run("ROLLBACK");
    first.join();
    second.join();
    EXPECT_EQ(end, release_outcome::released);
    EXPECT_TRUE(answer.is == outcome::granted || answer.is == outcome::queued) << answer.why.message();
    EXPECT_EQ(holder(*one, "r"), next.owner.hex());
    const auto theirs = claim_in_time(*other, next);
    EXPECT_GT(theirs, last);
    last = theirs;
    release(*other, next, theirs);
  }
}

TEST_F(mysql_locked_rows, a_locked_row_costs_no_other_lease_its_renewals) {
  client one{url_};
  holdfast::mutex stuck{one, "stuck", {.ttl = 15s}};
  holdfast::mutex sound{one, "sound", {.ttl = 2s}};
  stuck.lock();
  sound.lock();
  session third{server_, database_};
  third.run("START TRANSACTION");
  third.run("SELECT 1 FROM holdfast WHERE name = 'stuck' FOR UPDATE");
  bool held = true;
  for (const auto until = boot_clock::now() + 8s; held && boot_clock::now() < until;) {  // 5 s: the other's renewal.
    held = sound.lease().held();
    std::this_thread::sleep_for(20ms);
  }
  EXPECT_TRUE(held);
  third.run("ROLLBACK");
}

}  // namespace
}  // namespace holdfast::mysql::test
