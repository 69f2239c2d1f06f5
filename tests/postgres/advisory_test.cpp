#include <atomic>
#include <random>

#include "fixture.hpp"
#include "holdfast/holdfast.hpp"
#include "store/postgres/session_mark.hpp"
#include "support/proxy.hpp"

/// `lock=session`: advisory locks.
namespace holdfast::postgres::test {
namespace {

using holdfast::client;
using holdfast::testing::proxy;

/// A store, and what it tells unasked.
class watched {
 public:
  explicit watched(std::unique_ptr<core::store> made) : store_{std::move(made)} {
    store_->on_turn([this](const core::owner_id& owner) { add(turns_, owner); });
    store_->on_loss([this](const core::owner_id& owner, const status&) { add(losses_, owner); });
  }
  core::store& operator*() { return *store_; }
  core::store* operator->() { return store_.get(); }
  bool await_turn(const core::owner_id& owner) { return await(turns_, owner); }
  bool await_loss(const core::owner_id& owner) { return await(losses_, owner); }

 private:
  using owners = std::vector<core::owner_id>;
  void add(owners& to, const core::owner_id& owner) {
    const std::lock_guard lock{mutex_};
    to.push_back(owner);
    changed_.notify_all();
  }
  bool await(const owners& in, const core::owner_id& owner) {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, 30s, [&] { return std::find(in.begin(), in.end(), owner) != in.end(); });
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  owners turns_;
  owners losses_;
  std::unique_ptr<core::store> store_;  // Goes first.
};

class advisory_test : public postgres_test {
 protected:
  [[nodiscard]] std::string locks_url(const std::string& more = {}) const { return url("lock=session" + more); }
  [[nodiscard]] std::string through(const proxy& relay) const {
    return "postgres://postgres@127.0.0.1:" + std::to_string(relay.port()) + "/" + database_ + "?lock=session";
  }
  /// Advisory locks of the test's database that are held or waited for.
  [[nodiscard]] std::string locks(const std::string& where = "true") const {
    return query(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = "
        "(SELECT oid FROM pg_database WHERE datname = current_database()) AND " +
        where);
  }
  [[nodiscard]] bool await_locks(const std::string& where, const std::string& count) const {
    return eventually([&] { return locks(where) == count; });
  }
  /// What psql says to an attempt at the key that the documents give for that name.
  [[nodiscard]] std::string attempt_by_hand(const std::string& key) const {
    return query("SELECT pg_try_advisory_lock(" + key + ")");
  }
  void terminate_holders() const {
    query("SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_locks WHERE locktype = 'advisory' AND granted");
  }
};

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

TEST_F(advisory_test, a_mark_tells_what_was_written) {
  std::mt19937 random{20};
  for (int i = 0; i < 2000; ++i) {
    session_mark what;
    for (std::size_t size = 1 + random() % 255; what.name.size() < size;)
      what.name.push_back(static_cast<char>(1 + random() % 255));
    for (std::size_t size = random() % 60; what.party.size() < size;)
      what.party.push_back(static_cast<char>(random() % 256));
    what.ttl_ms = static_cast<std::int64_t>(random());
    const auto text = write_mark(what);
    EXPECT_LT(text.size(), 1024U);
    EXPECT_EQ(text.find("*/"), text.size() - 3);
    const auto read = read_mark(text + "SELECT 1");
    ASSERT_TRUE(read);
    EXPECT_EQ(read->name, what.name);
    EXPECT_EQ(read->ttl_ms, what.ttl_ms);
    EXPECT_TRUE(what.party.starts_with(read->party));
  }
  EXPECT_EQ(read_mark(write_mark({"r", 5, "pid=1\nhost=a b\n"}))->party, "pid=1\nhost=a b\n");
  for (const auto* text : {"", "SELECT 1", "/*holdfast */ SELECT 1", "/*holdfast ttl=1 */", "/*holdfast"})
    EXPECT_FALSE(read_mark(text)) << text;
}

TEST_F(advisory_test, a_title_tells_owner_and_token) {
  const auto owner = core::owner_id::random();
  const auto held = read_title("holdfast 1795718423419188 " + owner.hex());
  ASSERT_TRUE(held);
  EXPECT_EQ(held->owner, owner);
  EXPECT_EQ(held->token, 1795718423419188U);
  EXPECT_TRUE(held->claimed);
  EXPECT_FALSE(read_title("holdfast 5 " + owner.hex() + " ?")->claimed);
  EXPECT_EQ(read_title("holdfast waits " + owner.hex())->token, 0U);
  for (const std::string text : {"", "holdfast", "psql", "holdfast 5", "holdfast x ", "holdfast 5 abc"})
    EXPECT_FALSE(read_title(text)) << text;
  EXPECT_FALSE(read_title("holdfast -5 " + owner.hex()));
  EXPECT_FALSE(read_title("holdfast 5 " + owner.hex() + " !"));
}

}  // namespace
}  // namespace holdfast::postgres::test
