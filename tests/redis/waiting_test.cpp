#include <algorithm>

#include "redis/scripts_fixture.hpp"

/// Whom a release tells, and what it costs.
namespace holdfast::redis::test {
namespace {

class redis_waiting : public with_scripts {};

TEST_F(redis_waiting, a_waiter_whom_nobody_hears_is_passed_over_at_once) {
  const auto store = open();
  auto leaving = open();
  const auto mine = ask("k");
  const auto token = grant(*store, mine);
  const auto gone = ask("k");
  const auto live = ask("k");
  queue(*leaving, gone);
  queue(*store, live);
  leaving.reset();
  ASSERT_TRUE(testing::eventually([&] {
    return cli({"PUBSUB", "CHANNELS", "holdfast:*"}).find('\n') == std::string::npos;
  }));
  EXPECT_EQ(release(*store, mine, token), released::released);
  EXPECT_EQ(beat(*store, live), core::wait_verdict::your_turn);
  EXPECT_EQ(store->claim(live, by()).is, outcome::granted);
  // It keeps its place, should it come back.
  EXPECT_EQ(beat(*store, gone), core::wait_verdict::waiting);
}

TEST_F(redis_waiting, who_can_not_hear_waits_all_the_same) {
  const auto store = open();
  const auto deaf = open(false);
  const auto mine = ask("k");
  const auto token = grant(*store, mine);
  const auto waiting = ask("k");
  queue(*deaf, waiting);
  queue(*deaf, ask("k"));
  ASSERT_EQ(warnings().size(), 1U);
  EXPECT_EQ(warnings()[0], errc::not_authorised);
  EXPECT_EQ(release(*store, mine, token), released::released);
  EXPECT_EQ(beat(*deaf, waiting), core::wait_verdict::your_turn);
  EXPECT_EQ(deaf->claim(waiting, by()).is, outcome::granted);
}

TEST_F(redis_waiting, a_release_that_may_not_publish_hands_off_all_the_same) {
  const auto store = open();
  const auto mine = ask("k");
  const auto token = grant(*store, mine);
  const auto waiting = ask("k");
  queue(*store, waiting);
  cli({"ACL", "SETUSER", "default", "resetchannels"});
  EXPECT_EQ(release(*store, mine, token), released::released);
  EXPECT_EQ(beat(*store, waiting), core::wait_verdict::your_turn);
  cli({"ACL", "SETUSER", "default", "allchannels"});
}

TEST_F(redis_waiting, an_uncontended_turn_takes_few_commands) {
  const auto store = open();
  const auto mine = ask("k");
  release(*store, mine, grant(*store, mine));  // The scripts are known.
  cli({"CONFIG", "RESETSTAT"});
  const auto again = ask("k");
  release(*store, again, grant(*store, again));
  const auto stats = cli({"INFO", "commandstats"});
  int calls = 0;
  for (const auto* command : {"time", "set", "mget", "del", "evalsha"}) {
    const auto at = stats.find("cmdstat_" + std::string{command} + ":calls=");
    ASSERT_NE(at, std::string::npos) << command << " in " << stats;
    calls += std::stoi(stats.substr(stats.find('=', at) + 1));
  }
  EXPECT_EQ(calls, 2 + 5);
  EXPECT_EQ(std::count(stats.begin(), stats.end(), ':'), 6) << stats;  // Those, and the CONFIG.
}

TEST_F(redis_waiting, dead_waiters_behind_a_live_one_do_not_pile_up) {
  const auto store = open();
  grant(*store, ask("k"));
  const auto head = ask("k");
  queue(*store, head);
  const std::string waiters{resource_keys{"k"}.all()[3]};
  for (int i = 0; i < 300; ++i) {
    const auto dead = ask("k");
    queue(*store, dead);
    cli({"HSET", waiters, dead.owner.hex(),
         std::string(16, '0') + std::string(16, '0') + std::string(10, '0') + std::string(32, '0')});
  }
  EXPECT_LT(std::stoi(cli({"HLEN", waiters})), 60);
  EXPECT_EQ(beat(*store, head), core::wait_verdict::waiting);
}

TEST_F(redis_waiting, a_page_goes_on_where_the_last_one_ended_though_names_come_and_go) {
  const auto store = open();
  for (int i = 10; i < 30; ++i) grant(*store, ask("p" + std::to_string(i)));
  resource_page page;
  ASSERT_TRUE(store->list("p", "", 5, page, by()).ok());
  EXPECT_EQ(page.next, "p14");
  grant(*store, ask("p12x"));
  cli({"DEL", "p15"});
  ASSERT_TRUE(store->list("p", page.next, 5, page, by()).ok());
  ASSERT_EQ(page.resources.size(), 5U);
  EXPECT_EQ(page.resources[0].name, "p16");
  // A cursor of somebody else's, of a name that is gone.
  ASSERT_TRUE(open()->list("p", "p19zzz", 100, page, by()).ok());
  ASSERT_EQ(page.resources.size(), 10U);
  EXPECT_EQ(page.resources[0].name, "p20");
  EXPECT_EQ(page.next, "");
}

TEST_F(redis_waiting, a_page_does_not_look_at_each_name_of_the_past) {
  const auto store = open();
  grant(*store, ask("order/1234"));
  cli({"EVAL",
       "local t = string.rep('0', 16) for i = 1, 3000 do local n = 'order/' .. i + 100000 redis.call('SET', '{' .. n "
       ".. "
       "'}:holdfast:lease:' .. n, '0' .. t .. t .. '1' .. t .. string.rep('a', 32), 'PX', 60000) end",
       "0"});
  cli({"CONFIG", "RESETSTAT"});
  resource_page page;
  ASSERT_TRUE(store->list("order/", "", 100, page, by()).ok());
  ASSERT_EQ(page.resources.size(), 1U);
  EXPECT_EQ(page.resources[0].name, "order/1234");
  EXPECT_LT(server_.info("total_commands_processed"), 100);
}

TEST_F(redis_waiting, a_long_queue_is_shown) {
  const auto store = open();
  grant(*store, ask("k"));
  for (int i = 0; i < 1200; ++i) queue(*store, ask("k"));
  resource_view seen;
  ASSERT_TRUE(store->inspect("k", seen, by()).ok());
  EXPECT_GT(seen.waiters.size(), 0U);  // Those that are not stale by now.
}

}  // namespace
}  // namespace holdfast::redis::test
