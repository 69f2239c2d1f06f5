#include "redis/scripts_fixture.hpp"

/// What the scripts do when the server has forgotten something, runs short, or holds nonsense.
namespace holdfast::redis::test {
namespace {

class redis_loss : public with_scripts {};

TEST_F(redis_loss, flushed_while_held) {
  const auto store = open();
  const auto mine = ask("k", 60s, 1000);
  const auto token = grant(*store, mine);
  cli({"FLUSHALL"});
  EXPECT_EQ(renew(*store, mine), core::renew_verdict::lost);
  EXPECT_EQ(release(*store, mine, token), released::not_held);
  EXPECT_GT(grant(*store, ask("k")), token);
}

TEST_F(redis_loss, flushed_while_waited_for) {
  const auto store = open();
  const auto mine = ask("k");
  grant(*store, mine);
  const auto waiting = ask("k");
  queue(*store, waiting);
  cli({"FLUSHALL"});
  EXPECT_EQ(beat(*store, waiting), core::wait_verdict::gone);
  EXPECT_EQ(store->claim(waiting, by()).is, outcome::gone);
  EXPECT_EQ(store->acquire(waiting, true, by()).is, outcome::granted);
}

TEST_F(redis_loss, flushed_scripts_are_sent_again) {
  const auto store = open();
  grant(*store, ask("k"));
  cli({"SCRIPT", "FLUSH"});
  EXPECT_EQ(store->acquire(ask("k"), false, by()).is, outcome::busy);
}

TEST_F(redis_loss, an_evicted_record_while_held) {
  const auto store = open();
  const auto mine = ask("k");
  const auto token = grant(*store, mine);
  cli({"DEL", lease_of("k")});
  EXPECT_EQ(renew(*store, mine), core::renew_verdict::renewed);
  const auto again = store->acquire(mine, true, by());
  EXPECT_EQ(again.is, outcome::granted);
  EXPECT_GT(again.token, token);  // Nobody can say any more what the token was; it is not given to another.
  EXPECT_EQ(store->acquire(ask("k"), false, by()).is, outcome::busy);
  EXPECT_EQ(release(*store, mine, again.token), released::released);
  EXPECT_GT(grant(*store, ask("k")), again.token);
}

TEST_F(redis_loss, an_evicted_record_keeps_tokens_that_ran_ahead) {
  const auto store = open();
  const auto mine = ask("k", 60s, 4'000'000'000);
  const auto token = grant(*store, mine);
  cli({"DEL", lease_of("k")});
  EXPECT_EQ(release(*store, mine, token + 3'900'000'000), released::released);
  EXPECT_GT(grant(*store, ask("k")), token + 3'900'000'000);
}

TEST_F(redis_loss, an_evicted_record_with_a_queue) {
  const auto store = open();
  const auto mine = ask("k");
  const auto token = grant(*store, mine);
  const auto first = ask("k");
  const auto second = ask("k");
  queue(*store, first);
  queue(*store, second);
  cli({"DEL", lease_of("k")});
  EXPECT_EQ(beat(*store, second), core::wait_verdict::waiting);  // Which marks the queue again.
  EXPECT_EQ(release(*store, mine, token), released::released);
  EXPECT_EQ(store->acquire(ask("k"), false, by()).is, outcome::busy);
  EXPECT_GT(store->claim(first, by()).token, token);
  EXPECT_EQ(store->claim(second, by()).is, outcome::queued);
}

TEST_F(redis_loss, an_evicted_queue) {
  const auto store = open();
  const auto mine = ask("k");
  const auto token = grant(*store, mine);
  const auto waiting = ask("k");
  queue(*store, waiting);
  cli({"DEL", std::string{resource_keys{"k"}.all()[2]}});
  EXPECT_EQ(store->claim(waiting, by()).is, outcome::gone);
  queue(*store, waiting);
  cli({"DEL", std::string{resource_keys{"k"}.all()[2]}});
  EXPECT_EQ(release(*store, mine, token), released::released);
  EXPECT_EQ(beat(*store, waiting), core::wait_verdict::gone);
  EXPECT_GT(grant(*store, waiting), token);
}

TEST_F(redis_loss, evicted_waiters) {
  const auto store = open();
  const auto mine = ask("k");
  const auto token = grant(*store, mine);
  const auto waiting = ask("k");
  queue(*store, waiting);
  cli({"DEL", std::string{resource_keys{"k"}.all()[3]}});
  EXPECT_EQ(beat(*store, waiting), core::wait_verdict::gone);
  queue(*store, waiting);
  EXPECT_EQ(release(*store, mine, token), released::released);
  EXPECT_GT(store->claim(waiting, by()).token, token);
}

TEST_F(redis_loss, a_record_that_is_nonsense) {
  const auto store = open();
  for (const auto& nonsense : std::vector<std::string>{"", "x", std::string(90, 'x'), std::string(10, '1')}) {
    cli({"SET", lease_of("k"), nonsense});
    const auto mine = ask("k");
    const auto token = grant(*store, mine);
    cli({"SET", lease_of("k"), nonsense});
    const auto waiting = ask("k");
    queue(*store, waiting);
    EXPECT_EQ(release(*store, mine, token), released::released);
    EXPECT_EQ(beat(*store, waiting), core::wait_verdict::your_turn);
    const auto next = store->claim(waiting, by());
    EXPECT_EQ(next.is, outcome::granted) << nonsense;
    release(*store, waiting, next.token);
  }
}

TEST_F(redis_loss, a_record_of_another_type_is_mended) {
  const auto store = open();
  cli({"HSET", lease_of("k"), "a", "1"});
  const auto mine = ask("k");
  const auto answer = store->acquire(mine, true, by());
  EXPECT_EQ(answer.is, outcome::failed);
  EXPECT_TRUE(answer.unknown);
  EXPECT_TRUE(store->withdraw({"k", mine.owner}, by()).done);
  grant(*store, ask("k"));
}

TEST_F(redis_loss, a_clock_that_went_back) {
  const auto store = open();
  const auto mine = ask("k");
  const auto token = grant(*store, mine);
  release(*store, mine, token);
  const auto ahead = token + 3'600'000'000;
  cli({"SETRANGE", lease_of("k"), "1", std::to_string(ahead)});
  const auto again = ask("k");
  EXPECT_EQ(grant(*store, again), ahead + 1);
  release(*store, again, ahead + 1);
  EXPECT_EQ(grant(*store, ask("k")), ahead + 2);
}

TEST_F(redis_loss, tokens_that_no_longer_fit) {
  const auto store = open();
  const auto mine = ask("k");
  release(*store, mine, grant(*store, mine));
  cli({"SETRANGE", lease_of("k"), "1", "9007199254740990"});
  const auto last = ask("k");
  EXPECT_EQ(grant(*store, last), 9007199254740991U);
  release(*store, last, 9007199254740991U);
  const auto answer = store->acquire(ask("k"), true, by());
  EXPECT_EQ(answer.is, outcome::failed);
  EXPECT_FALSE(answer.unknown);
  EXPECT_EQ(answer.why, errc::misconfigured);
  EXPECT_NE(answer.why.message().find("clock"), std::string::npos);
  EXPECT_EQ(cli({"EXISTS", "k"}), "0");
}

TEST_F(redis_loss, records_are_forgotten_at_last) {
  const auto store = open();
  const auto mine = ask("k");
  release(*store, mine, grant(*store, mine));
  const auto left = std::stoll(cli({"PTTL", lease_of("k")}));
  EXPECT_GT(left, 3'600'000);
  EXPECT_LT(left, 3 * 24 * 3'600'000);
  const auto holder = ask("k");
  grant(*store, holder);
  queue(*store, ask("k"));
  const resource_keys keys{"k"};
  for (const auto key : keys.all()) EXPECT_GT(std::stoll(cli({"PTTL", std::string{key}})), 0) << key;
}

TEST_F(redis_loss, out_of_memory_still_releases) {
  const auto store = open();
  const auto mine = ask("k");
  const auto token = grant(*store, mine);
  const auto waiting = ask("k");
  queue(*store, waiting);
  cli({"CONFIG", "SET", "maxmemory", "1"});
  const auto other = store->acquire(ask("other"), true, by());
  EXPECT_EQ(other.is, outcome::failed);
  EXPECT_FALSE(other.unknown);
  EXPECT_EQ(renew(*store, mine), core::renew_verdict::renewed);
  EXPECT_EQ(beat(*store, waiting), core::wait_verdict::waiting);
  EXPECT_EQ(release(*store, mine, token), released::released);
  EXPECT_EQ(store->claim(waiting, by()).is, outcome::granted);
}

}  // namespace
}  // namespace holdfast::redis::test
