#include "fixture.hpp"

/// Rows that others have locked.
namespace holdfast::postgres::test {
namespace {

class locks_test : public postgres_test {};

TEST_F(locks_test, a_row_that_stays_locked_ends_the_verb_with_a_clear_error) {
  const auto store = open(url(), 500ms);
  const auto what = ask("r");
  store->release(lease(what, grant(*store, what)), soon());
  session third{server(), database_};
  third.run("BEGIN; SELECT 1 FROM holdfast WHERE name = 'r' FOR UPDATE");
  const auto answer = store->acquire(ask("r"), true, soon());
  EXPECT_EQ(answer.is, outcome::failed);
  EXPECT_EQ(answer.why, errc::unavailable);
  EXPECT_FALSE(answer.unknown) << "the server has ended the statement";
  EXPECT_THAT(answer.why.message(), ::testing::HasSubstr("lock")) << answer.why.message();
  third.run("COMMIT");
  EXPECT_EQ(attempt(*store, "r"), outcome::granted);
}

TEST_F(locks_test, one_locked_row_neither_loses_nor_delays_the_batch_of_renewals) {
  const auto store = open(url(), 20s);
  std::vector<core::request> all;
  for (int i = 0; i < 20; ++i) {
    all.push_back(ask("r" + std::to_string(i)));
    grant(*store, all.back());
  }
  session third{server(), database_};
  third.run("BEGIN; SELECT 1 FROM holdfast WHERE name = 'r7' FOR UPDATE");
  std::vector<core::lease_ref> leases;
  for (const auto& each : all) leases.push_back(lease(each, 0));
  std::vector<core::renew_verdict> verdicts(leases.size());
  const auto begun = boot_clock::now();
  const auto answer = store->renew(leases, verdicts, soon());
  EXPECT_LT(boot_clock::now() - begun, 10s) << "it waited for the row";
  for (std::size_t i = 0; i < verdicts.size(); ++i)
    EXPECT_EQ(verdicts[i], i == 7 ? core::renew_verdict::unknown : core::renew_verdict::renewed) << i;
  EXPECT_EQ(answer.why, errc::unavailable) << answer.why.message();
  third.run("COMMIT");
  EXPECT_EQ(renew(*store, all[7]), core::renew_verdict::renewed);
}

TEST_F(locks_test, renewals_do_not_wait_for_verbs_that_wait_for_a_lock) {
  const auto store = open(url("pool=1"));
  const auto stuck = ask("stuck");
  ASSERT_EQ(store->release(lease(stuck, grant(*store, stuck)), soon()).is, released::released);
  const auto what = ask("r");
  grant(*store, what);
  session third{server(), database_};
  third.run("BEGIN; SELECT 1 FROM holdfast WHERE name = 'stuck' FOR UPDATE");
  std::thread waiting{[&] { EXPECT_EQ(attempt(*store, "stuck"), outcome::granted); }};
  EXPECT_TRUE(await_blocked(1));
  const auto which = lease(what, 0);
  auto verdict = core::renew_verdict::unknown;
  const auto answer = store->renew({&which, 1}, {&verdict, 1}, boot_clock::now() + 3s);
  EXPECT_EQ(verdict, core::renew_verdict::renewed) << answer.why.message();
  third.run("COMMIT");
  waiting.join();
}

TEST_F(locks_test, a_renewal_that_meets_a_row_locked_for_a_moment_waits_for_it) {
  const auto store = open(url());
  const auto what = ask("r");
  grant(*store, what);
  session third{server(), database_};
  third.run("BEGIN; SELECT 1 FROM holdfast WHERE name = 'r' FOR UPDATE");
  std::thread committing{[&] {
    EXPECT_TRUE(await_blocked(1));
    third.run("COMMIT");
  }};
  EXPECT_EQ(renew(*store, what), core::renew_verdict::renewed);
  committing.join();
}

TEST_F(locks_test, the_victim_of_a_deadlock_is_sent_again) {
  const auto store = open(url());
  const auto holder = ask("r");
  const auto token = grant(*store, holder);
  const auto next = ask("r");
  ASSERT_EQ(store->acquire(next, true, soon()).is, outcome::queued);
  session third{server(), database_};
  third.run("SET deadlock_timeout = '1h'");  // So that the other is the victim.
  third.run("BEGIN; UPDATE holdfast_waiter SET seen = seen");
  std::thread crossing{[&] {
    EXPECT_TRUE(await_blocked(1));
    third.run("UPDATE holdfast SET last = last");
    third.run("COMMIT");
  }};
  const auto answer = store->release(lease(holder, token), soon());
  crossing.join();
  EXPECT_EQ(answer.is, released::released) << answer.why.message();
  EXPECT_EQ(query("SELECT deadlocks > 0 FROM pg_stat_database WHERE datname = current_database()"), "t");
  EXPECT_GT(store->claim(next, soon()).token, token);
}

/// The trap of READ COMMITTED: a statement that has waited for a row sees the queue as it was before.
TEST_F(locks_test, a_release_that_crosses_a_waiter_that_is_just_queuing_strands_nobody) {
  const auto a = open(url());
  const auto b = open(url());
  for (int round = 0; round < 12; ++round) {
    const std::string name = "r" + std::to_string(round);
    const auto holder = ask(name);
    const auto token = grant(*a, holder);
    const auto next = ask(name);
    core::turn_answer queued;
    core::release_answer freed;
    {
      session third{server(), database_};
      third.run("BEGIN; SELECT 1 FROM holdfast WHERE name = '" + name + "' FOR UPDATE");
      const auto queue = [&] { queued = b->acquire(next, true, soon()); };
      const auto release = [&] { freed = a->release(lease(holder, token), soon()); };
      const bool waiter_first = round % 2 == 0;
      std::thread first{[&] { waiter_first ? queue() : release(); }};
      EXPECT_TRUE(await_blocked(1));
      std::thread second{[&] { waiter_first ? release() : queue(); }};
      EXPECT_TRUE(await_blocked(2));
      third.run("COMMIT");
      first.join();
      second.join();
    }
    EXPECT_EQ(freed.is, released::released) << freed.why.message();
    if (queued.is == outcome::granted) continue;
    ASSERT_EQ(queued.is, outcome::queued) << queued.why.message();
    EXPECT_EQ(query("SELECT encode(owner, 'hex') FROM holdfast WHERE name = '" + name + "'"), next.owner.hex());
    EXPECT_EQ(b->claim(next, soon()).is, outcome::granted);
  }
}

}  // namespace
}  // namespace holdfast::postgres::test
