#include <thread>

#include "advisory_fixture.hpp"
#include "holdfast/holdfast.hpp"

/// Advisory locks: sessions that end, answers that are lost, requests that cross.
namespace holdfast::postgres::test {
namespace {

using holdfast::client;
using holdfast::testing::proxy;

TEST_F(advisory_test, a_session_that_is_terminated_is_a_lease_lost_at_once) {
  watched store{open(locks_url())};
  const auto what = ask("r", 24h);
  const auto token = grant(*store, what);
  terminate_holders();
  EXPECT_TRUE(store.await_loss(what.owner));
  EXPECT_EQ(renew(*store, what), core::renew_verdict::lost);
  EXPECT_EQ(store->release(lease(what, token), soon()).is, released::not_held);
  EXPECT_EQ(attempt(*store, "r"), outcome::granted);
}

TEST_F(advisory_test, a_lock_that_nobody_renews_is_told_to_be_lost_too) {
  client own{locks_url()};
  holdfast::mutex lock{own, "r", {.ttl = 24h, .renew = false}};
  lock.lock();
  const auto lease = lock.lease();
  const auto lost = lease.lost();
  EXPECT_TRUE(lease.held());
  terminate_holders();
  EXPECT_TRUE(eventually([&] { return lost.stop_requested(); }));
  EXPECT_FALSE(lease.held());
  EXPECT_EQ(lock.release(), errc::not_held);
  EXPECT_TRUE(lock.try_lock());
}

TEST_F(advisory_test, a_renewal_finds_a_terminated_session_lost_whoever_notices_first) {
  const auto store = open(locks_url());
  for (int i = 0; i < 10; ++i) {
    const auto what = ask("r");
    const auto token = grant(*store, what);
    terminate_holders();
    EXPECT_EQ(renew(*store, what), core::renew_verdict::lost);
    EXPECT_EQ(store->release(lease(what, token), soon()).is, released::not_held);
  }
}

TEST_F(advisory_test, a_waiter_whose_session_is_terminated_is_told_and_queues_again) {
  watched store{open(locks_url())};
  session holder{server(), database_};
  holder.run("SELECT pg_advisory_lock(hashtextextended('r', 0))");
  const auto what = ask("r");
  ASSERT_EQ(store->acquire(what, true, soon()).is, outcome::queued);
  query("SELECT pg_terminate_backend(pid, 10000) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted");
  EXPECT_TRUE(store.await_turn(what.owner));
  EXPECT_EQ(store->claim(what, soon()).is, outcome::gone);
  EXPECT_EQ(store->acquire(what, true, soon()).is, outcome::queued);
}

TEST_F(advisory_test, sessions_that_were_terminated_while_idle_are_replaced_without_an_error) {
  const auto store = open(locks_url());
  for (int i = 0; i < 5; ++i) {
    const auto what = ask("r");
    EXPECT_EQ(store->release(lease(what, grant(*store, what)), soon()).is, released::released);
    query(
        "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid()");
  }
}

TEST_F(advisory_test, a_withdrawal_that_crosses_the_grant_leaves_nothing) {
  const auto store = open(locks_url());
  for (int round = 0; round < 30; ++round) {
    session holder{server(), database_};
    holder.run("SELECT pg_advisory_lock(hashtextextended('r', 0))");
    const auto what = ask("r");
    ASSERT_EQ(store->acquire(what, true, soon()).is, outcome::queued);
    std::thread releasing{[&] { holder.run("SELECT pg_advisory_unlock_all()"); }};
    if (round % 3 == 0) releasing.join();  // Given for sure, and told at about that time.
    const auto withdrawn = store->withdraw({what.resource, what.owner}, soon());
    if (releasing.joinable()) releasing.join();
    EXPECT_TRUE(withdrawn.done) << withdrawn.why.message();
    EXPECT_TRUE(withdrawn.conclusive);
    EXPECT_EQ(locks(), "0");
    EXPECT_EQ(beat(*store, what), core::wait_verdict::gone);
  }
}

TEST_F(advisory_test, an_acquire_whose_answer_was_lost_is_ended_by_its_withdrawal) {
  proxy relay{server().port()};
  const auto store = open(through(relay));
  ASSERT_TRUE(store->ping(soon()).ok());
  resource_view view;
  ASSERT_TRUE(store->inspect("r", view, soon()).ok());
  relay.judge_by([](proxy::direction where, std::string_view) {
    return where == proxy::direction::to_client ? proxy::fate::hold : proxy::fate::pass;
  });
  const auto what = ask("r");
  const auto answer = store->acquire(what, true, boot_clock::now() + 300ms);
  EXPECT_EQ(answer.is, outcome::failed);
  EXPECT_TRUE(answer.unknown);
  relay.judge_by(nullptr);
  relay.heal();
  const auto withdrawn = store->withdraw({what.resource, what.owner}, soon());
  EXPECT_TRUE(withdrawn.done) << withdrawn.why.message();
  EXPECT_TRUE(withdrawn.conclusive);
  EXPECT_EQ(locks(), "0");
}

TEST_F(advisory_test, a_wait_that_nobody_can_look_at_is_in_doubt_and_can_be_withdrawn) {
  const std::string role = "narrow_" + database_;
  query("CREATE ROLE " + role + " LOGIN CONNECTION LIMIT 1");  // The session that locks, and none to ask about it.
  session holder{server(), database_};
  holder.run("SELECT pg_advisory_lock(hashtextextended('r', 0))");
  auto narrow = locks_url();
  narrow.replace(narrow.find("postgres@"), 8, role);
  const auto store = open(narrow);
  const auto what = ask("r");
  const auto answer = store->acquire(what, true, soon());
  EXPECT_EQ(answer.is, outcome::failed);
  EXPECT_TRUE(answer.unknown) << answer.why.message();
  EXPECT_TRUE(eventually([&] {
    const auto withdrawn = store->withdraw({what.resource, what.owner}, soon());
    return withdrawn.done && withdrawn.conclusive;
  }));
  EXPECT_EQ(locks("NOT granted"), "0");
}

TEST_F(advisory_test, a_late_answer_to_a_renewal_ends_nothing) {
  proxy relay{server().port()};
  const auto store = open(through(relay));
  const auto what = ask("r");
  const auto token = grant(*store, what);
  relay.judge_by([](proxy::direction where, std::string_view) {
    return where == proxy::direction::to_client ? proxy::fate::hold : proxy::fate::pass;
  });
  const auto which = lease(what, token);
  auto verdict = core::renew_verdict::lost;
  const auto answer = store->renew({&which, 1}, {&verdict, 1}, boot_clock::now() + 200ms);
  EXPECT_EQ(verdict, core::renew_verdict::unknown);
  EXPECT_EQ(answer.why, errc::unavailable);
  relay.judge_by(nullptr);
  relay.heal();
  EXPECT_EQ(renew(*store, what), core::renew_verdict::renewed);
  EXPECT_EQ(grant(*store, what), token);
  EXPECT_EQ(store->release(which, soon()).is, released::released);
}

TEST_F(advisory_test, the_lock_of_a_holder_that_is_cut_off_is_free_after_its_ttl_and_not_before) {
  proxy relay{server().port()};
  const auto store = open(through(relay));
  watched other{open(locks_url())};
  const auto what = ask("r", 2s);
  const auto held = store->acquire(what, true, soon());
  ASSERT_EQ(held.is, outcome::granted);
  const auto next = ask("r");
  ASSERT_EQ(other->acquire(next, true, soon()).is, outcome::queued);
  relay.partition();
  EXPECT_TRUE(other.await_turn(next.owner));
  EXPECT_GE(boot_clock::now(), held.sent + 2s);
  EXPECT_GT(other->claim(next, soon()).token, held.token);
  relay.heal();
  EXPECT_EQ(renew(*store, what), core::renew_verdict::lost);
}

TEST_F(advisory_test, settings_of_the_servers_do_not_shorten_a_lease) {
  query("ALTER DATABASE " + database_ + " SET idle_session_timeout = '300ms'");
  query("ALTER DATABASE " + database_ + " SET statement_timeout = '300ms'");
  query("ALTER DATABASE " + database_ + " SET lock_timeout = '300ms'");
  query("ALTER DATABASE " + database_ + " SET tcp_user_timeout = '300ms'");
  const auto store = open(locks_url());
  const auto what = ask("r");
  const auto token = grant(*store, what);
  const auto next = ask("r");
  ASSERT_EQ(store->acquire(next, true, soon()).is, outcome::queued);
  const auto begun = boot_clock::now();
  while (boot_clock::now() - begun < 1s) ASSERT_EQ(beat(*store, next), core::wait_verdict::waiting);
  EXPECT_EQ(renew(*store, what), core::renew_verdict::renewed);
  EXPECT_EQ(store->release(lease(what, token), soon()).is, released::released);
  EXPECT_EQ(store->claim(next, soon()).is, outcome::granted);
}

TEST_F(advisory_test, a_restarted_server_has_forgotten_the_locks_and_their_holders_are_told) {
  postgres_server own;
  watched store{open(own.url("postgres", "lock=session"))};
  const auto what = ask("r", 1h);
  const auto token = grant(*store, what);
  const auto next = ask("r");
  ASSERT_EQ(store->acquire(next, true, soon()).is, outcome::queued);
  own.kill();
  EXPECT_TRUE(store.await_loss(what.owner));
  EXPECT_TRUE(store.await_turn(next.owner));
  EXPECT_EQ(store->acquire(next, true, boot_clock::now() + 300ms).why, errc::unavailable);
  own.start();
  EXPECT_GT(grant(*store, next), token);
  EXPECT_EQ(store->release(lease(what, token), soon()).is, released::not_held);
}

}  // namespace
}  // namespace holdfast::postgres::test
