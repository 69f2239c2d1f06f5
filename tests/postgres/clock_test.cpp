#include "fixture.hpp"

/// A server whose clock is stepped.
namespace holdfast::postgres::test {
namespace {

constexpr long hour = 3600;

class clock_test : public ::testing::Test {
 protected:
  stepped_server server_;
  std::unique_ptr<core::store> a_ = open(server_->url());
  std::unique_ptr<core::store> b_ = open(server_->url());
};

TEST_F(clock_test, forward_who_saw_the_time_before_does_not_take_what_a_live_holder_has) {
  ASSERT_EQ(attempt(*b_, "x"), outcome::granted);
  const auto what = ask("r", 10s);
  const auto token = grant(*a_, what);
  const auto waiter = ask("r");
  ASSERT_EQ(b_->acquire(waiter, true, soon()).is, outcome::queued);
  server_.step_to(hour);
  EXPECT_EQ(attempt(*b_, "r"), outcome::busy);
  EXPECT_EQ(b_->claim(waiter, soon()).is, outcome::queued);
  EXPECT_EQ(beat(*b_, waiter), core::wait_verdict::waiting);
  EXPECT_EQ(renew(*a_, what), core::renew_verdict::renewed);
  EXPECT_EQ(attempt(*b_, "r"), outcome::busy);
  EXPECT_EQ(b_->claim(waiter, soon()).is, outcome::queued);
  EXPECT_EQ(a_->release(lease(what, token), soon()).is, released::released);
  const auto taken = b_->claim(waiter, soon());
  EXPECT_EQ(taken.is, outcome::granted);
  EXPECT_GT(taken.token, token + 3'500'000'000ULL);  // The clock is the floor, and it was stepped.
}

TEST_F(clock_test, forward_a_lease_that_nobody_renews_runs_out_all_the_same) {
  ASSERT_EQ(attempt(*b_, "x"), outcome::granted);
  const auto before = boot_clock::now();
  const auto token = grant(*a_, ask("r", 2s));
  server_.step_to(hour);
  EXPECT_EQ(attempt(*b_, "r"), outcome::busy);
  std::uint64_t taken = 0;
  EXPECT_TRUE(eventually([&] {
    const auto answer = b_->acquire(ask("r"), false, soon());
    taken = answer.token;
    return answer.is == outcome::granted;
  }));
  EXPECT_GE(boot_clock::now() - before, 2s);
  EXPECT_GT(taken, token);
}

/// What docs/GUARANTEES.md says of it: there the token alone protects.
TEST_F(clock_test, forward_who_comes_after_the_step_takes_the_lease_with_a_higher_token) {
  const auto what = ask("r", 10s);
  const auto token = grant(*a_, what);
  server_.step_to(hour);
  const auto late = open(server_->url());
  EXPECT_GT(grant(*late, ask("r")), token);
  EXPECT_EQ(renew(*a_, what), core::renew_verdict::lost);
}

TEST_F(clock_test, forward_and_back_again_leaves_nothing_behind) {
  ASSERT_EQ(attempt(*b_, "x"), outcome::granted);
  server_.step_to(hour);
  ASSERT_EQ(attempt(*b_, "y"), outcome::granted);
  server_.step_to(0);
  const auto token = grant(*a_, ask("r", 1s));
  EXPECT_TRUE(eventually([&] { return attempt(*b_, "r") == outcome::granted; }, 20s));
  EXPECT_GT(token, 0U);
}

TEST_F(clock_test, backward_tokens_rise_and_what_is_held_stays_held) {
  const auto what = ask("r", 2s);
  const auto token = grant(*a_, what);
  const auto free = ask("s");
  const auto before = grant(*a_, free);
  EXPECT_EQ(a_->release(lease(free, before), soon()).is, released::released);
  server_.step_to(-hour);
  EXPECT_EQ(attempt(*b_, "r"), outcome::busy);
  EXPECT_EQ(renew(*a_, what), core::renew_verdict::renewed);
  EXPECT_GT(grant(*b_, ask("s")), before);
  EXPECT_EQ(a_->release(lease(what, token), soon()).is, released::released);
  EXPECT_GT(grant(*b_, ask("r")), token);
}

TEST_F(clock_test, tokens_rise_where_the_last_one_is_ahead_of_what_a_client_knows_of_the_clock) {
  const auto what = ask("r");
  const auto before = grant(*a_, what);
  ASSERT_EQ(a_->release(lease(what, before), soon()).is, released::released);
  const auto ahead = before + 3'600'000'000U;
  server_->query("UPDATE holdfast SET token = " + std::to_string(ahead) + ", last = token + 3600000000");
  const auto again = ask("r");
  const auto token = grant(*a_, again);
  EXPECT_GT(token, ahead);
  EXPECT_EQ(grant(*a_, again), token) << "a repeated acquire";
  EXPECT_EQ(a_->release(lease(again, token), soon()).is, released::released);
  EXPECT_GT(grant(*b_, ask("r")), token);
}

TEST_F(clock_test, tokens_rise_for_a_name_that_was_forgotten_before_the_clock_went_back) {
  const auto what = ask("r");
  server_.step_to(2 * hour);
  const auto token = grant(*a_, what);
  ASSERT_EQ(a_->release(lease(what, token), soon()).is, released::released);
  server_.step_to(3 * hour);
  std::string cursor;
  std::uint64_t forgotten = 0;
  ASSERT_TRUE(a_->clean_up(cursor, forgotten, soon()).ok());
  EXPECT_EQ(forgotten, 1U);
  EXPECT_EQ(server_->query("SELECT count(*) FROM holdfast"), "0");
  server_.step_to(0);
  EXPECT_GT(grant(*b_, ask("r")), token);
}

}  // namespace
}  // namespace holdfast::postgres::test
