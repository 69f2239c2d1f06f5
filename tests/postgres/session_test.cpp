#include <atomic>

#include "fixture.hpp"
#include "support/proxy.hpp"

/// Sessions that end, answers that are lost.
namespace holdfast::postgres::test {
namespace {

using holdfast::testing::proxy;

class session_test : public postgres_test {
 protected:
  void terminate_all() const {
    query(
        "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid()");
  }
  std::string through(const proxy& relay) const {
    return "postgres://postgres@127.0.0.1:" + std::to_string(relay.port()) + "/" + database_;
  }
};

class hints {
 public:
  explicit hints(core::store& of) {
    of.on_turn([this](const core::owner_id& owner) {
      const std::lock_guard lock{mutex_};
      told_.push_back(owner);
      changed_.notify_all();
    });
  }
  bool await(const core::owner_id& owner) {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, 30s, [&] { return std::find(told_.begin(), told_.end(), owner) != told_.end(); });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<core::owner_id> told_;
};

TEST_F(session_test, a_session_that_was_terminated_is_replaced_without_an_error) {
  const auto store = open(url());
  const auto what = ask("r");
  const auto token = grant(*store, what);
  terminate_all();
  EXPECT_EQ(renew(*store, what), core::renew_verdict::renewed);
  terminate_all();
  EXPECT_EQ(attempt(*store, "r"), outcome::busy);
  terminate_all();
  EXPECT_EQ(store->release(lease(what, token), soon()).is, released::released);
}

TEST_F(session_test, a_waiter_is_told_of_its_turn_after_the_listener_was_terminated) {
  const auto holder = open(url());
  const auto waiter = open(url());
  hints told{*waiter};
  const auto held = ask("r");
  const auto token = grant(*holder, held);
  const auto next = ask("r");
  ASSERT_EQ(waiter->acquire(next, true, soon()).is, outcome::queued);
  for (int i = 0; i < 3; ++i) terminate_all();
  EXPECT_EQ(beat(*waiter, next), core::wait_verdict::waiting);
  ASSERT_EQ(holder->release(lease(held, token), soon()).is, released::released);
  EXPECT_TRUE(told.await(next.owner));
  EXPECT_GT(waiter->claim(next, soon()).token, token);
}

TEST_F(session_test, a_restarted_server_keeps_what_was_held) {
  postgres_server own;
  const auto store = open(own.url());
  const auto other = open(own.url());
  const auto what = ask("r");
  const auto token = grant(*store, what);
  const auto next = ask("r");
  ASSERT_EQ(other->acquire(next, true, soon()).is, outcome::queued);
  own.stop();
  const auto refused = store->acquire(ask("s"), false, boot_clock::now() + 300ms);
  EXPECT_EQ(refused.is, outcome::failed);
  EXPECT_EQ(refused.why, errc::unavailable) << refused.why.message();
  EXPECT_THAT(refused.why.message(), ::testing::HasSubstr(own.url()));
  own.start();
  EXPECT_EQ(renew(*store, what), core::renew_verdict::renewed);
  EXPECT_EQ(beat(*other, next), core::wait_verdict::waiting);
  own.kill();
  own.start();
  EXPECT_EQ(beat(*other, next), core::wait_verdict::waiting);
  EXPECT_EQ(store->release(lease(what, token), soon()).is, released::released);
  const auto taken = other->claim(next, soon());
  EXPECT_EQ(taken.is, outcome::granted) << taken.why.message();
  EXPECT_GT(taken.token, token);
}

TEST_F(session_test, an_acquire_whose_answer_was_lost_is_asked_again) {
  proxy relay{server().port()};
  const auto store = open(through(relay));
  ASSERT_TRUE(store->ping(soon()).ok());
  std::atomic<int> cut{0};
  relay.judge_by([&](proxy::direction where, std::string_view) {
    return where == proxy::direction::to_client && cut++ == 0 ? proxy::fate::cut : proxy::fate::pass;
  });
  const auto what = ask("r");
  const auto token = grant(*store, what);
  EXPECT_GE(cut, 1);
  EXPECT_EQ(query("SELECT count(*) || ' ' || max(token) FROM holdfast WHERE owner IS NOT NULL"),
            "1 " + std::to_string(token));
  EXPECT_EQ(store->release(lease(what, token), soon()).is, released::released);
}

TEST_F(session_test, an_acquire_whose_answer_was_lost_is_in_doubt_also_where_no_other_session_can_be_had) {
  proxy relay{server().port()};
  const auto store = open(through(relay));
  const auto before = ask("r");
  ASSERT_EQ(store->release(lease(before, grant(*store, before)), soon()).is, released::released);
  // From the grant on, nothing that the server says arrives.
  relay.judge_by([this](proxy::direction where, std::string_view) {
    const bool granted = query("SELECT count(*) FROM holdfast WHERE owner IS NOT NULL") == "1";
    return where == proxy::direction::to_client && granted ? proxy::fate::cut : proxy::fate::pass;
  });
  const auto what = ask("r");
  const auto answer = store->acquire(what, false, soon());
  EXPECT_EQ(answer.is, outcome::failed);
  EXPECT_TRUE(answer.unknown) << answer.why.message();
  EXPECT_EQ(query("SELECT count(*) FROM holdfast WHERE owner IS NOT NULL"), "1");
}

TEST_F(session_test, an_acquire_that_comes_after_the_release_leaves_nothing_held) {
  proxy relay{server().port()};
  const auto store = open(through(relay));
  const auto before = ask("r");
  ASSERT_EQ(store->release(lease(before, grant(*store, before)), soon()).is, released::released);
  std::atomic<int> asked{0};
  relay.judge_by([&](proxy::direction where, std::string_view) {
    return where == proxy::direction::to_server && asked++ == 0 ? proxy::fate::outlive : proxy::fate::pass;
  });
  const auto what = ask("r");
  ASSERT_TRUE(store->acquire(what, true, boot_clock::now() + 300ms).unknown);  // Stays on its way.
  EXPECT_EQ(store->release(lease(what, grant(*store, what)), soon()).is, released::released);
  relay.heal();
  EXPECT_TRUE(eventually([&] {
    return relay.connections() == 1 && query(
                                           "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                                           " AND backend_type = 'client backend' AND pid <> pg_backend_pid()") == "1";
  }));
  EXPECT_EQ(attempt(*store, "r"), outcome::granted);
}

TEST_F(session_test, a_host_that_does_not_answer_leaves_time_for_the_next_one) {
  proxy silent{server().port()};
  silent.partition();
  const auto port = [](int number) { return "127.0.0.1:" + std::to_string(number); };
  const auto store = open("postgres://postgres@" + port(silent.port()) + "," + port(server().port()) + "/" + database_);
  const auto answer = store->acquire(ask("r"), false, boot_clock::now() + 3s);
  EXPECT_EQ(answer.is, outcome::granted) << answer.why.message();
}

TEST_F(session_test, an_empty_prefix_lists_all_names) {
  const auto store = open(url());
  grant(*store, ask("r"));
  resource_page page;
  ASSERT_TRUE(store->list({}, {}, 10, page, soon()).ok());
  EXPECT_EQ(page.resources.size(), 1U);
}

TEST_F(session_test, a_release_whose_answer_was_lost_is_unknown_and_may_be_repeated) {
  proxy relay{server().port()};
  const auto store = open(through(relay));
  const auto what = ask("r");
  const auto token = grant(*store, what);
  relay.judge_by([&](proxy::direction where, std::string_view) {
    return where == proxy::direction::to_client ? proxy::fate::cut : proxy::fate::pass;
  });
  const auto lost = store->release(lease(what, token), soon());
  EXPECT_EQ(lost.is, released::failed);
  EXPECT_TRUE(lost.unknown);
  relay.judge_by(nullptr);
  EXPECT_EQ(store->release(lease(what, token), soon()).is, released::not_held);
  EXPECT_EQ(attempt(*store, "r"), outcome::granted);
}

TEST_F(session_test, a_server_that_does_not_answer_hangs_nobody) {
  proxy relay{server().port()};
  const auto store = open(through(relay));
  const auto what = ask("r");
  const auto token = grant(*store, what);
  relay.partition();
  const auto before = boot_clock::now();
  const auto answer = store->acquire(ask("s"), false, boot_clock::now() + 400ms);
  EXPECT_EQ(answer.is, outcome::failed);
  EXPECT_TRUE(answer.unknown);
  EXPECT_EQ(answer.why, errc::unavailable);
  EXPECT_EQ(store->release(lease(what, token), boot_clock::now() + 400ms).is, released::failed);
  EXPECT_LT(boot_clock::now() - before, 10s);
  relay.heal();
  EXPECT_EQ(store->release(lease(what, token), soon()).is, released::released);
}

TEST_F(session_test, an_acquire_that_may_still_come_is_ended_before_its_withdrawal_is_conclusive) {
  const auto store = open(url());
  const auto what = ask("r");
  ASSERT_EQ(store->release(lease(what, grant(*store, what)), soon()).is, released::released);
  session third{server(), database_};
  third.run("BEGIN; SELECT 1 FROM holdfast WHERE name = 'r' FOR UPDATE");
  const auto late = ask("r");
  const auto answer = store->acquire(late, true, boot_clock::now() + 300ms);
  ASSERT_EQ(answer.is, outcome::failed);
  ASSERT_TRUE(answer.unknown);
  ASSERT_TRUE(await_blocked(1));  // It stands in the server, and would take the lock.
  std::thread committing{[&] {
    // The old statement is gone; the withdrawal waits for the row.
    EXPECT_TRUE(eventually([&] {
      return query(
                 "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE "
                 "'%holdfast_turn%'"
                 " AND datname = current_database()") == "1";
    }));
    third.run("COMMIT");
  }};
  const auto withdrawn = store->withdraw({late.resource, late.owner}, soon());
  committing.join();
  EXPECT_TRUE(withdrawn.done) << withdrawn.why.message();
  EXPECT_TRUE(withdrawn.conclusive);
  EXPECT_EQ(query("SELECT count(*) FROM holdfast WHERE owner IS NOT NULL"), "0");
  EXPECT_EQ(attempt(*store, "r"), outcome::granted);
}

TEST_F(session_test, behind_a_pooler_a_withdrawal_after_a_lost_answer_is_not_conclusive) {
  pgbouncer pooler{server()};
  int warned = 0;
  const auto store = open(pooler.url(database_), 20s, [&](const status& why) {
    EXPECT_THAT(why.message(), ::testing::HasSubstr("pooler"));
    ++warned;
  });
  const auto what = ask("r");
  ASSERT_EQ(store->release(lease(what, grant(*store, what)), soon()).is, released::released);
  EXPECT_EQ(warned, 1);
  session third{server(), database_};
  third.run("BEGIN; SELECT 1 FROM holdfast WHERE name = 'r' FOR UPDATE");
  const auto late = ask("r");
  ASSERT_TRUE(store->acquire(late, true, boot_clock::now() + 300ms).unknown);
  third.run("COMMIT");
  const auto withdrawn = store->withdraw({late.resource, late.owner}, soon());
  EXPECT_TRUE(withdrawn.done) << withdrawn.why.message();
  EXPECT_FALSE(withdrawn.conclusive);
}

}  // namespace
}  // namespace holdfast::postgres::test
