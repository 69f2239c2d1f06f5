// Servers that stop, connections that break, rows that others keep locked: nothing is held twice, no waiter is
// stranded, tokens only rise, nothing hangs.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <thread>

#include "fixture.hpp"
#include "holdfast/holdfast.hpp"
#include "relay.hpp"
#include "session.hpp"
#include "store/sql/row.hpp"
#include "support/proxy.hpp"

namespace holdfast::mysql::test {
namespace {

using holdfast::testing::proxy;

class mysql_faults : public mysql_test {
 protected:
  template <class Relay>
  [[nodiscard]] std::string through(const Relay& way) const {
    return "mysql://hf:s3cret@127.0.0.1:" + std::to_string(way.port()) + "/" + database_;
  }
  /// Ends every connection of the stores to this test's database, and waits until they are gone: KILL only asks for it.
  void kill_connections() const {
    const std::string list = " FROM information_schema.PROCESSLIST WHERE ";
    const auto ids = server_.admin("SELECT GROUP_CONCAT(ID)" + list + "DB = '" + database_ + "' AND USER = 'hf'");
    if (ids == "NULL") return;
    std::string kills = "KILL " + ids;
    for (auto comma = kills.find(','); comma != std::string::npos; comma = kills.find(',', comma))
      kills.replace(comma, 1, "; KILL ");
    server_.admin(kills);
    EXPECT_TRUE(eventually([&] { return server_.admin("SELECT COUNT(*)" + list + "ID IN (" + ids + ")") == "0"; }));
  }
  [[nodiscard]] int connections() const {
    return std::stoi(server_.admin("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE DB = '" + database_ +
                                   "' AND USER = 'hf'"));
  }
  /// Waits until so many transactions wait for a lock. The server makes that list anew only where nobody has asked for it
  /// within 100 ms.
  [[nodiscard]] bool await_blocked(int count) const {
    return eventually([&] {
      return std::stoi(server_.admin(
                 "DO SLEEP(0.15); SELECT COUNT(*) FROM information_schema.INNODB_TRX WHERE trx_state = 'LOCK WAIT'")) ==
             count;
    });
  }
  static std::string holder(core::store& at, const std::string& name) {
    resource_view view;
    EXPECT_TRUE(at.inspect(name, view, soon()).ok());
    return view.holders.empty() ? "nobody" : view.holders[0].who.owner;
  }
};

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

TEST_F(mysql_faults, a_renewal_given_up_for_a_locked_row_does_not_keep_the_others_from_the_next_one) {
  const auto store = open(url_);
  const std::array all{ask_for("a"), ask_for("b"), ask_for("c")};
  std::vector<core::lease_ref> leases;
  for (const auto& each : all) leases.push_back(lease_of(each, grant(*store, each)));
  session third{server_, database_};
  ASSERT_EQ(third.run("START TRANSACTION"), 0U);
  ASSERT_EQ(third.run("SELECT * FROM holdfast WHERE name = 'c' FOR UPDATE"), 0U);
  std::vector<core::renew_verdict> verdicts(all.size());
  EXPECT_FALSE(store->renew(leases, verdicts, soon(300ms)).why.ok());
  static_cast<void>(store->renew(leases, verdicts, soon(700ms)));
  EXPECT_EQ(verdicts[0], core::renew_verdict::renewed);
  EXPECT_EQ(verdicts[1], core::renew_verdict::renewed);
  EXPECT_EQ(verdicts[2], core::renew_verdict::unknown);
  ASSERT_EQ(third.run("ROLLBACK"), 0U);
}

TEST_F(mysql_faults, renewals_do_not_wait_for_verbs_that_wait_for_a_lock) {
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

TEST_F(mysql_faults, a_verb_outlasts_a_lock_wait_timeout) {
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

TEST_F(mysql_faults, a_verb_whose_row_is_kept_locked_ends_by_its_deadline) {
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
      EXPECT_THAT(why.message(), ::testing::HasSubstr("in time")) << verb;
      if (patience > 2s) {
        EXPECT_THAT(why.message(), ::testing::HasSubstr("kept a row locked")) << verb;
      }
    };
    ends("acquire", [&](time_point by) { return store->acquire(next, true, by).why; });
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

TEST_F(mysql_faults, a_verb_outlasts_a_deadlock) {
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

TEST_F(mysql_faults, one_row_that_is_kept_locked_does_not_keep_others_from_being_renewed) {
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

TEST_F(mysql_faults, a_release_that_crosses_a_waiter_strands_nobody) {
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

TEST_F(mysql_faults, a_locked_row_costs_no_other_lease_its_renewals) {
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
