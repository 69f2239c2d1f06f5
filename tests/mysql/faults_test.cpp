// Servers that stop, connections that break, rows that others keep locked: nothing is held twice, no waiter is
// stranded, tokens only rise, nothing hangs.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <thread>

#include "faults.hpp"
#include "holdfast/holdfast.hpp"
#include "relay.hpp"
#include "session.hpp"
#include "store/sql/row.hpp"
#include "support/proxy.hpp"

namespace holdfast::mysql::test {
namespace {

using holdfast::testing::proxy;

TEST_F(mysql_faults, connections_that_the_administrator_killed_are_replaced) {
  const auto store = open(url_);
  const auto what = ask_for("r");
  const auto token = grant(*store, what);
  const auto next = ask_for("r");
  hints heard{*store};
  queue(*store, next);
  ASSERT_TRUE(eventually([&] { return connections() == 2; }));  // One of them is the poller's.
  kill_connections();
  EXPECT_EQ(renew(*store, what, 30s), core::renew_verdict::renewed);
  kill_connections();
  // A connection that was used a moment ago is used again without a look at it: then it fails, and is left.
  const core::lease_ref lease{what.resource, what.owner, {}, token};
  auto end = store->release(lease, soon());
  if (end.is == release_outcome::failed) end = store->release(lease, soon());
  EXPECT_NE(end.is, release_outcome::failed) << end.why.message();
  EXPECT_TRUE(heard.await(next.owner));
  EXPECT_GT(claim_in_time(*store, next), token);
}

TEST_F(mysql_faults, a_statement_that_the_administrator_kills_has_an_unknown_outcome) {
  const auto store = open(url_);
  const auto what = ask_for("r");
  const auto token = grant(*store, what);
  release(*store, what, token);
  session third{server_, database_};
  ASSERT_EQ(third.run("START TRANSACTION"), 0U);
  ASSERT_EQ(third.run("SELECT * FROM holdfast WHERE name = 'r' FOR UPDATE"), 0U);
  const auto again = ask_for("r");
  core::turn_answer answer;
  std::thread asking{[&] { answer = store->acquire(again, true, soon()); }};
  EXPECT_TRUE(await_blocked(1));
  kill_connections();
  asking.join();
  EXPECT_EQ(answer.is, outcome::failed);
  EXPECT_TRUE(answer.unknown);
  EXPECT_EQ(answer.why, errc::unavailable);
  third.run("ROLLBACK");
  EXPECT_GT(grant(*store, again), token);
}

TEST_F(mysql_faults, a_server_that_crashes_keeps_leases_and_queue) {
  mariadb_server server;
  const auto url = server.url("hf_crash");
  const auto one = open(url);
  const auto other = open(url + "?pool=3");  // Does not share the first one's connections.
  const auto holder = ask_for("r", 60s);
  const auto token = grant(*one, holder);
  const auto next = ask_for("r");
  hints heard{*other};
  queue(*other, next);
  server.kill();
  const auto down = one->acquire(ask_for("s"), true, soon(2s));
  EXPECT_EQ(down.is, outcome::failed);
  EXPECT_EQ(down.why, errc::unavailable) << down.why.message();
  server.start();
  EXPECT_EQ(renew(*one, holder, 60s), core::renew_verdict::renewed);
  EXPECT_EQ(other->acquire(ask_for("r"), false, soon()).is, outcome::busy);
  EXPECT_EQ(release(*one, holder, token), release_outcome::released);
  EXPECT_TRUE(heard.await(next.owner));
  EXPECT_GT(claim_in_time(*other, next), token);
}

TEST_F(mysql_faults, a_grant_whose_answer_was_lost_is_found_by_asking_again) {
  relay way{server_.port()};
  const auto store = open(through(way));
  const auto first = ask_for("r");
  release(*store, first, grant(*store, first));  // Its statements are prepared now.
  const auto what = ask_for("r");
  way.lose_next_answer();
  const auto answer = store->acquire(what, true, soon());
  ASSERT_TRUE(way.lost_it());
  EXPECT_EQ(answer.is, outcome::failed);
  EXPECT_TRUE(answer.unknown);
  ASSERT_EQ(holder(*store, "r"), what.owner.hex());
  resource_view view;
  EXPECT_TRUE(store->inspect("r", view, soon()).ok());
  EXPECT_EQ(grant(*store, what), view.holders.at(0).token.value());
}

TEST_F(mysql_faults, a_grant_whose_answer_was_lost_is_given_back_by_withdrawing) {
  relay way{server_.port()};
  const auto store = open(through(way));
  const auto first = ask_for("r");
  release(*store, first, grant(*store, first));
  const auto what = ask_for("r");
  way.lose_next_answer();
  EXPECT_TRUE(store->acquire(what, true, soon()).unknown);
  EXPECT_TRUE(eventually([&] {
    const auto answer = store->withdraw(waiter_of(what), soon());
    return answer.done && answer.conclusive;
  }));
  EXPECT_EQ(holder(*store, "r"), "nobody");
}

TEST_F(mysql_faults, an_acquire_that_is_late_is_not_forgotten_by_a_withdrawal) {
  relay way{server_.port()};
  const auto store = open(through(way));
  const auto direct = open(url_);
  const auto first = ask_for("r");
  release(*store, first, grant(*store, first));
  const auto what = ask_for("r");
  way.hold_requests(true);
  const auto answer = store->acquire(what, true, soon(300ms));  // Stays on its way.
  EXPECT_TRUE(answer.unknown) << answer.why.message();
  way.hold_requests(false);
  EXPECT_TRUE(eventually([&] {
    const auto undone = store->withdraw(waiter_of(what), soon());
    return undone.done && undone.conclusive;
  }));
  // What said so must not be changed by what arrives later: only the connections in use are left to bring anything.
  EXPECT_EQ(holder(*direct, "r"), "nobody");
}

/// The proxy is what an address translation is: the server has another port on its list than the client's own.
TEST_F(mysql_faults, a_withdrawal_behind_a_translation_of_addresses_is_not_conclusive_too_early) {
  proxy way{server_.port()};
  const auto store = open(through(way));
  const auto first = ask_for("r");
  release(*store, first, grant(*store, first));
  std::atomic<int> asked{0};
  way.judge_by([&](proxy::direction where, std::string_view) {
    return where == proxy::direction::to_server && asked++ == 0 ? proxy::fate::outlive : proxy::fate::pass;
  });
  const auto what = ask_for("r");
  ASSERT_TRUE(store->acquire(what, true, soon(300ms)).unknown);  // Stays on its way.
  const auto early = store->withdraw(waiter_of(what), soon());
  EXPECT_TRUE(early.done) << early.why.message();
  EXPECT_FALSE(early.conclusive);
  way.heal();
  EXPECT_TRUE(eventually([&] {
    const auto undone = store->withdraw(waiter_of(what), soon());
    return undone.done && undone.conclusive;
  }));
  EXPECT_EQ(holder(*store, "r"), "nobody");
}

// The second connection is gone for sure; the first one still carries the acquire.
TEST_F(mysql_faults, an_acquire_that_was_lost_on_two_connections_is_undone_once_both_are_gone) {
  proxy way{server_.port()};
  const auto store = open(through(way));
  const auto first = ask_for("r");
  release(*store, first, grant(*store, first));
  const auto what = ask_for("r");
  const auto bytes = sql::to_bytes(what.owner);
  std::atomic<int> asked{0};
  way.judge_by([&](proxy::direction where, std::string_view piece) {
    if (where == proxy::direction::to_client || piece.find(sql::view_of(bytes)) == piece.npos) return proxy::fate::pass;
    switch (asked++) {
      case 0:
        return proxy::fate::outlive;
      case 1:
        return proxy::fate::cut;
      default:
        return proxy::fate::pass;
    }
  });
  ASSERT_TRUE(store->acquire(what, true, soon(300ms)).unknown);
  ASSERT_TRUE(store->acquire(what, true, soon()).unknown);
  EXPECT_TRUE(eventually([&] { return connections() == 1; }));
  EXPECT_EQ(asked, 2);
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(store->withdraw(waiter_of(what), soon()).conclusive);
  way.heal();
  EXPECT_TRUE(eventually([&] {
    const auto undone = store->withdraw(waiter_of(what), soon());
    return undone.done && undone.conclusive;
  }));
  EXPECT_EQ(holder(*store, "r"), "nobody");
}

TEST_F(mysql_faults, a_host_that_does_not_answer_leaves_time_for_the_next_one) {
  proxy silent{server_.port()};
  silent.partition();
  const auto store = open("mysql://hf:s3cret@127.0.0.1:" + std::to_string(silent.port()) +
                          ",127.0.0.1:" + std::to_string(server_.port()) + "/" + database_);
  const auto answer = store->acquire(ask_for("r"), false, soon(4s));
  EXPECT_EQ(answer.is, outcome::granted) << answer.why.message();
}

TEST_F(mysql_faults, an_empty_prefix_lists_all_names) {
  const auto store = open(url_);
  grant(*store, ask_for("r"));
  resource_page page;
  ASSERT_TRUE(store->list({}, {}, 10, page, soon()).ok());
  EXPECT_EQ(page.resources.size(), 1U);
}

TEST_F(mysql_faults, a_release_whose_answer_was_lost_is_unknown_and_then_over) {
  relay way{server_.port()};
  const auto store = open(through(way));
  const auto first = ask_for("r");
  release(*store, first, grant(*store, first));
  const auto what = ask_for("r");
  const auto token = grant(*store, what);
  way.lose_next_answer();
  const auto answer = store->release(lease_of(what, token), soon());
  EXPECT_EQ(answer.is, release_outcome::failed);
  EXPECT_TRUE(answer.unknown);
  EXPECT_EQ(release(*store, what, token), release_outcome::not_held);
  EXPECT_GT(grant(*store, ask_for("r")), token);
}

TEST_F(mysql_faults, a_server_that_hangs_costs_no_more_than_the_deadline) {
  mariadb_server server;
  const auto store = open(server.url("hf_hang"));
  const auto what = ask_for("r", 60s);
  const auto token = grant(*store, what);
  server.signal(SIGSTOP);
  const auto began = boot_clock::now();
  EXPECT_EQ(renew(*store, what, 60s, soon(400ms)), core::renew_verdict::unknown);
  const auto answer = store->acquire(ask_for("s"), true, soon(400ms));
  const auto took = boot_clock::now() - began;
  server.signal(SIGCONT);
  EXPECT_EQ(answer.is, outcome::failed);
  EXPECT_EQ(answer.why, errc::unavailable);
  EXPECT_GE(took, 700ms);
  EXPECT_LT(took, 10s);
  EXPECT_EQ(renew(*store, what, 60s), core::renew_verdict::renewed);
  EXPECT_EQ(release(*store, what, token), release_outcome::released);
}

TEST_F(mysql_faults, a_server_whose_disk_is_full) {
  // A tablespace that does not grow is full like a disk.
  mariadb_server server{{.options = {"--innodb-data-file-path=ibdata1:12M", "--innodb-file-per-table=0"}}};
  const auto url = server.url("hf_full");
  const auto store = open(url);
  const auto held = ask_for("held", 600s);
  const auto token = grant(*store, held);
  session third{server, "hf_full"};
  ASSERT_EQ(third.run("CREATE TABLE filler (n BIGINT AUTO_INCREMENT PRIMARY KEY, b BLOB)"), 0U);
  unsigned how = 0;
  for (std::size_t size : {60000U, 6000U, 600U})
    while (how = third.run("INSERT INTO filler (b) VALUES (REPEAT('x', " + std::to_string(size) + "))"), how == 0) {
    }
  EXPECT_EQ(how, 1114U);
  core::turn_answer answer;
  for (int i = 0; i < 1000; ++i) {
    auto what = ask_for("r" + std::to_string(i));
    what.party = std::string(3000, 'p');
    answer = store->acquire(what, true, soon());
    if (answer.is != outcome::granted) break;
  }
  EXPECT_EQ(answer.is, outcome::failed);
  EXPECT_FALSE(answer.unknown);
  EXPECT_EQ(answer.why, errc::unavailable) << answer.why.message();
  EXPECT_THAT(answer.why.message(), ::testing::HasSubstr("no room"));
  EXPECT_NE(renew(*store, held, 60s), core::renew_verdict::lost);  // Even that may need room; its deadline is honest.
  server.stop();
  server.set_options({"--innodb-data-file-path=ibdata1:12M:autoextend"});
  server.start();
  EXPECT_EQ(store->acquire(ask_for("held"), false, soon()).is, outcome::busy);
  EXPECT_EQ(release(*store, held, token), release_outcome::released);
  EXPECT_GT(grant(*store, ask_for("held")), token);
  grant(*store, ask_for("later"));
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST_F(mysql_faults, a_forked_child_has_connections_of_its_own) {
  const auto store = open(url_);
  const auto what = ask_for("r");
  const auto token = grant(*store, what);
  queue(*store, ask_for("r"));  // The poller runs.
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(30);
    const auto own = open(url_);
    const bool busy = own->acquire(ask_for("r"), false, soon()).is == outcome::busy;
    const auto mine = ask_for("s");
    const auto answer = own->acquire(mine, true, soon());
    const bool freed = own->release(lease_of(mine, answer.token), soon()).is == release_outcome::released;
    ::_exit(busy && answer.is == outcome::granted && freed ? 0 : 1);
  }
  int state = 0;
  EXPECT_EQ(::waitpid(child, &state, 0), child);
  EXPECT_TRUE(WIFEXITED(state) && WEXITSTATUS(state) == 0) << state;
  EXPECT_EQ(renew(*store, what, 30s), core::renew_verdict::renewed);
  EXPECT_EQ(release(*store, what, token), release_outcome::released);
}
#endif

}  // namespace
}  // namespace holdfast::mysql::test
