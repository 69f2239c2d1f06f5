#include <atomic>
#include <thread>

#include "advisory_fixture.hpp"
#include "holdfast/holdfast.hpp"

/// Advisory locks: who excludes whom, what is shown, what is refused.
namespace holdfast::postgres::test {
namespace {

using holdfast::client;

TEST_F(advisory_test, excludes_whoever_locks_the_documented_key_and_is_excluded) {
  const auto store = open(locks_url());
  const auto what = ask("stock/42");
  const auto token = grant(*store, what);
  EXPECT_EQ(attempt_by_hand("hashtextextended('stock/42', 0)"), "f");
  EXPECT_EQ(attempt_by_hand("hashtextextended('stock/43', 0)"), "t");
  EXPECT_EQ(store->release(lease(what, token), soon()).is, released::released);
  EXPECT_EQ(attempt_by_hand("hashtextextended('stock/42', 0)"), "t");
  session other{server(), database_};
  other.run("SELECT pg_advisory_lock(hashtextextended('stock/42', 0))");
  EXPECT_EQ(attempt(*store, "stock/42"), outcome::busy);
  other.run("SELECT pg_advisory_unlock_all()");
  EXPECT_EQ(attempt(*store, "stock/42"), outcome::granted);
  other.run("BEGIN; SELECT pg_advisory_xact_lock_shared(hashtextextended('stock/42', 0))");
  EXPECT_EQ(attempt(*store, "stock/42"), outcome::busy);
  other.run("COMMIT");
  EXPECT_EQ(attempt(*store, "stock/42"), outcome::granted);
}

TEST_F(advisory_test, any_bytes_have_a_documented_key) {
  const auto store = open(locks_url());
  for (const auto& [name, bytes] : {std::pair{"\xff\xfe", "\\xfffe"}, {"a\\b", "\\x615c62"}, {"\xc3\xa4", "\\xc3a4"}}) {
    const std::string key = "hashtextextended(encode('" + std::string{bytes} + "'::bytea, 'escape'), 0)";
    const auto what = ask(name);
    const auto token = grant(*store, what);
    EXPECT_EQ(attempt_by_hand(key), "f") << bytes;
    EXPECT_EQ(store->release(lease(what, token), soon()).is, released::released);
    EXPECT_EQ(attempt_by_hand(key), "t") << bytes;
  }
  grant(*store, ask("schl\xc3\xbcssel"));
  EXPECT_EQ(attempt_by_hand("hashtextextended(encode(convert_to('schl\xc3\xbcssel', 'UTF8'), 'escape'), 0)"), "f");
}

TEST_F(advisory_test, stands_in_one_queue_with_others_who_lock_the_key) {
  watched a{open(locks_url())};
  watched b{open(locks_url())};
  session holder{server(), database_};
  holder.run("SELECT pg_advisory_lock(hashtextextended('r', 0))");
  const auto first = ask("r");
  EXPECT_EQ(a->acquire(first, true, soon()).position, 0U);
  std::atomic<bool> second_has_it{false};
  std::atomic<bool> second_is_done{false};
  std::thread second{[&] {
    session by_hand{server(), database_};
    by_hand.run("SELECT pg_advisory_lock(hashtextextended('r', 0))");
    second_has_it = true;
    EXPECT_TRUE(eventually([&] { return second_is_done.load(); }));
  }};
  EXPECT_TRUE(await_locks("NOT granted", "2"));
  const auto third = ask("r");
  EXPECT_EQ(b->acquire(third, true, soon()).position, 2U);
  holder.run("SELECT pg_advisory_unlock_all()");
  EXPECT_TRUE(a.await_turn(first.owner));
  const auto answer = a->claim(first, soon());
  EXPECT_EQ(answer.is, outcome::granted);
  EXPECT_FALSE(second_has_it);
  EXPECT_EQ(a->release(lease(first, answer.token), soon()).is, released::released);
  EXPECT_TRUE(eventually([&] { return second_has_it.load(); }));
  EXPECT_EQ(b->claim(third, soon()).is, outcome::queued);
  second_is_done = true;
  second.join();
  EXPECT_TRUE(b.await_turn(third.owner));
  EXPECT_GT(b->claim(third, soon()).token, answer.token);
}

TEST_F(advisory_test, a_wait_that_times_out_leaves_nothing) {
  client one{locks_url()};
  client two{locks_url()};
  holdfast::mutex holder{one, "r"};
  holdfast::mutex waiter{two, "r"};
  holder.lock();
  EXPECT_EQ(waiter.acquire({.timeout = 50ms}), errc::timed_out);
  EXPECT_EQ(locks(), "1");
  std::thread waiting{[&] { waiter.lock(); }};
  EXPECT_TRUE(await_locks("NOT granted", "1"));
  holder.unlock();
  waiting.join();
  EXPECT_TRUE(waiter.lease().held());
  waiter.unlock();
  EXPECT_EQ(locks(), "0");
}

TEST_F(advisory_test, a_withdrawal_leaves_the_connection_for_the_next) {
  const auto store = open(locks_url("&pool=1"));
  session holder{server(), database_};
  holder.run("SELECT pg_advisory_lock(hashtextextended('r', 0))");
  for (int i = 0; i < 10; ++i) {
    const auto what = ask("r");
    ASSERT_EQ(store->acquire(what, true, soon()).is, outcome::queued);
    EXPECT_TRUE(store->withdraw({what.resource, what.owner}, soon()).done);
    EXPECT_EQ(locks("NOT granted"), "0");
  }
  EXPECT_EQ(query("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'holdfast'"), "2");
}

TEST_F(advisory_test, a_replica_is_refused) {
  postgres_server primary;
  const auto replica = postgres_server::replica_of(primary);
  const auto store = open(replica->url("postgres", "lock=session"));
  EXPECT_EQ(store->ping(soon()), errc::misconfigured);
  const auto answer = store->acquire(ask("r"), true, soon());
  EXPECT_EQ(answer.is, outcome::failed);
  EXPECT_EQ(answer.why, errc::misconfigured);
  EXPECT_FALSE(answer.unknown);
  EXPECT_THAT(answer.why.message(), ::testing::HasSubstr("replica"));
}

TEST_F(advisory_test, a_pooler_is_refused) {
  pgbouncer pooler{server()};
  const auto store = open(pooler.url(database_, "lock=session"));
  EXPECT_EQ(store->ping(soon()), errc::misconfigured);
  const auto answer = store->acquire(ask("r"), true, soon());
  EXPECT_EQ(answer.is, outcome::failed);
  EXPECT_FALSE(answer.unknown);
  EXPECT_EQ(answer.why, errc::misconfigured);
  EXPECT_THAT(answer.why.message(), ::testing::HasSubstr("pooler"));
  EXPECT_THAT(answer.why.message(), ::testing::HasSubstr("lock=lease"));
}

TEST_F(advisory_test, the_url_says_which_kind_of_lock) {
  const auto why_not = [&](const std::string& query) {
    try {
      open(url(query));
    } catch (const error& e) {
      EXPECT_EQ(e.code(), make_error_code(errc::invalid_argument));
      return std::string{e.what()};
    }
    return std::string{"taken"};
  };
  EXPECT_THAT(why_not("lock=row"), ::testing::HasSubstr("lease"));
  EXPECT_THAT(why_not("lock="), ::testing::HasSubstr("session"));
  EXPECT_THAT(why_not("lock=session&table=t"), ::testing::HasSubstr("table="));
  EXPECT_EQ(why_not("lock=lease&table=t"), "taken");
  std::string text;
  EXPECT_EQ(open(locks_url())->schema(text), errc::unsupported);
  EXPECT_TRUE(open(url("lock=lease"))->schema(text).ok());
}

TEST_F(advisory_test, no_more_connections_than_the_pool_allows) {
  const auto store = open(locks_url("&pool=2"));
  const auto one = ask("one");
  const auto token = grant(*store, one);
  grant(*store, ask("two"));
  const auto refused = store->acquire(ask("three"), true, boot_clock::now() + 100ms);
  EXPECT_EQ(refused.is, outcome::failed);
  EXPECT_FALSE(refused.unknown);
  EXPECT_EQ(refused.why, errc::unavailable);
  EXPECT_THAT(refused.why.message(), ::testing::HasSubstr("pool=N"));
  EXPECT_EQ(store->release(lease(one, token), soon()).is, released::released);
  EXPECT_EQ(attempt(*store, "three"), outcome::granted);
}

TEST_F(advisory_test, others_that_hold_or_wait_are_shown) {
  const auto store = open(locks_url());
  session holder{server(), database_};
  holder.run("SET application_name = 'nightly'");
  holder.run("SELECT pg_advisory_lock(hashtextextended('r', 0))");
  const auto next = ask("r");
  ASSERT_EQ(store->acquire(next, true, soon()).is, outcome::queued);
  resource_view view;
  ASSERT_TRUE(store->inspect("r", view, soon()).ok());
  ASSERT_EQ(view.holders.size(), 1U);
  EXPECT_EQ(view.holders[0].who.owner, "");
  EXPECT_EQ(view.holders[0].who.user, "postgres");
  EXPECT_EQ(view.holders[0].who.command, "nightly");
  EXPECT_THAT(view.holders[0].who.note, ::testing::HasSubstr("PostgreSQL process "));
  EXPECT_EQ(view.holders[0].token.value(), 0U);
  ASSERT_EQ(view.waiters.size(), 1U);
  EXPECT_EQ(view.waiters[0].who.owner, next.owner.hex());
  EXPECT_EQ(store->break_lease("r", 0, std::nullopt, soon()), errc::not_held);
  resource_page page;
  ASSERT_TRUE(store->list("", "", 10, page, soon()).ok());
  ASSERT_EQ(page.resources.size(), 1U);  // The waiter told the name.
  EXPECT_EQ(page.resources[0].name, "r");
  EXPECT_TRUE(store->withdraw({next.resource, next.owner}, soon()).done);
  ASSERT_TRUE(store->list("", "", 10, page, soon()).ok());
  EXPECT_TRUE(page.resources.empty());
}

TEST_F(advisory_test, a_role_without_rights_sees_token_and_owner) {
  const auto store = open(locks_url());
  const auto what = ask("r");
  const auto token = grant(*store, what);
  query("CREATE ROLE stranger_" + database_ + " LOGIN");
  auto theirs = locks_url();
  theirs.replace(theirs.find("postgres@"), 8, "stranger_" + database_);
  const auto stranger = open(theirs);
  resource_view view;
  ASSERT_TRUE(stranger->inspect("r", view, soon()).ok());
  ASSERT_EQ(view.holders.size(), 1U);
  EXPECT_EQ(view.holders[0].token.value(), token);
  EXPECT_EQ(view.holders[0].who.owner, what.owner.hex());
  EXPECT_EQ(view.holders[0].who.pid, 0);
  EXPECT_EQ(attempt(*stranger, "r"), outcome::busy);
  const auto refused = stranger->break_lease("r", token, std::nullopt, soon());
  EXPECT_EQ(refused, errc::not_authorised);
  EXPECT_THAT(refused.message(), ::testing::HasSubstr("pg_signal_backend"));
  EXPECT_EQ(renew(*store, what), core::renew_verdict::renewed);
}

}  // namespace
}  // namespace holdfast::postgres::test
