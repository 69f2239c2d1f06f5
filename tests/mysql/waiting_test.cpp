// What waiting costs the server, and how it ends.
#include <thread>

#include "fixture.hpp"

namespace holdfast::mysql::test {
namespace {

class mysql_waiting : public mysql_test {
 protected:
  /// Prepared statements that the server has carried out.
  [[nodiscard]] long executed() const {
    const auto line = server_.admin("SHOW GLOBAL STATUS LIKE 'Com_stmt_execute'");
    return std::stol(line.substr(line.find('\t') + 1));
  }
  [[nodiscard]] int connections() const {
    return std::stoi(server_.admin("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE DB = '" + database_ +
                                   "' AND USER = 'hf'"));
  }
  /// Statements a second over some seconds.
  [[nodiscard]] double rate() const {
    const auto began = boot_clock::now();
    const auto before = executed();
    std::this_thread::sleep_for(4s);
    const auto done = executed() - before;
    return static_cast<double>(done) / std::chrono::duration<double>(boot_clock::now() - began).count();
  }
};

TEST_F(mysql_waiting, one_waiter_costs_at_most_20_statements_a_second) {
  const auto store = open(url_);
  grant(*store, ask_for("r", 300s));
  queue(*store, ask_for("r"));
  const auto measured = rate();
  RecordProperty("rate", std::to_string(measured));
  EXPECT_LE(measured, 20.5);
  EXPECT_GE(measured, 10);  // Else it would be slow to hear.
}

TEST_F(mysql_waiting, a_thousand_waiters_of_a_process_cost_no_more_and_hold_few_connections) {
  std::vector<std::unique_ptr<core::store>> clients;
  const auto holder = open(url_);
  for (int i = 0; i < 20; ++i) grant(*holder, ask_for("r" + std::to_string(i), 300s));
  for (int i = 0; i < 1000; ++i) {
    clients.push_back(open(url_));
    queue(*clients.back(), ask_for("r" + std::to_string(i % 20)));
  }
  EXPECT_LE(connections(), 17);
  const auto measured = rate();
  RecordProperty("rate", std::to_string(measured));
  EXPECT_LE(measured, 20.5);
  EXPECT_EQ(server_.admin("SELECT COUNT(*) FROM holdfast_waiter WHERE seen + 2000000 < "
                          "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6))",
                          database_),
            "0");
}

TEST_F(mysql_waiting, a_pool_of_one_serves_many_threads) {
  const auto store = open(url_ + "?pool=1");
  std::atomic<int> failed{0};
  std::vector<std::thread> all;
  for (int i = 0; i < 8; ++i)
    all.emplace_back([&, i] {
      for (int j = 0; j < 10; ++j) {
        const auto what = ask_for("r" + std::to_string(i));
        const auto answer = store->acquire(what, true, soon());
        if (answer.is != outcome::granted) ++failed;
        if (store->release(lease_of(what, answer.token), soon()).is != release_outcome::released) ++failed;
      }
    });
  for (auto& each : all) each.join();
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(connections(), 1);
}

TEST_F(mysql_waiting, a_lease_that_ran_out_is_heard_of) {
  const auto store = open(url_);
  const auto other = open(url_ + "?pool=3");
  grant(*store, ask_for("r", 500ms));
  const auto next = ask_for("r");
  hints heard{*other};
  queue(*other, next);
  EXPECT_TRUE(heard.await(next.owner));
  EXPECT_GT(claim_in_time(*other, next), 0U);
}

TEST_F(mysql_waiting, a_ticket_that_is_gone_is_noticed) {
  const auto store = open(url_);
  grant(*store, ask_for("r"));
  const auto next = ask_for("r");
  hints heard{*store};
  queue(*store, next);
  server_.admin("DELETE FROM holdfast_waiter", database_);
  EXPECT_TRUE(heard.await(next.owner));
  EXPECT_EQ(store->claim(next, soon()).is, outcome::gone);
}

TEST_F(mysql_waiting, a_waiter_whose_process_stands_still_keeps_its_place_and_is_passed_over) {
  const auto store = open(url_);
  const auto other = open(url_ + "?pool=3");
  const auto holder = ask_for("r");
  const auto token = grant(*store, holder);
  const auto first = ask_for("r");
  const auto second = ask_for("r");
  queue(*store, first);
  queue(*other, second);
  // As if the first one's poller had been silent for a while.
  server_.admin("UPDATE holdfast_waiter SET seen = seen - 3000000 ORDER BY ticket LIMIT 1", database_);
  EXPECT_EQ(release(*store, holder, token), release_outcome::released);
  const auto seen = claim_in_time(*other, second);
  EXPECT_GT(seen, token);
  EXPECT_EQ(release(*other, second, seen), release_outcome::released);
  EXPECT_GT(claim_in_time(*store, first), seen);
}

TEST_F(mysql_waiting, hand_offs_within_a_process_and_between_processes_keep_the_order) {
  const auto one = open(url_);
  const auto two = open(url_ + "?pool=3");
  auto holder = ask_for("r");
  auto token = grant(*one, holder);
  hints heard_one{*one};
  hints heard_two{*two};
  std::vector<core::request> all;
  for (int i = 0; i < 10; ++i) {
    all.push_back(ask_for("r"));
    queue(i % 2 == 0 ? *two : *one, all.back());
  }
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(release(i % 2 == 0 ? *one : *two, holder, token), release_outcome::released);
    const auto& next = all[static_cast<std::size_t>(i)];
    EXPECT_TRUE((i % 2 == 0 ? heard_two : heard_one).await(next.owner)) << i;
    const auto answer = (i % 2 == 0 ? *two : *one).claim(next, soon());
    ASSERT_EQ(answer.is, outcome::granted) << i;
    EXPECT_GT(answer.token, token);
    token = answer.token;
    holder = next;
  }
}

}  // namespace
}  // namespace holdfast::mysql::test
