#include "conformance/suite.hpp"

namespace holdfast::conformance {

TEST_F(conformance, release_frees) {
  const auto what = ask("r");
  const auto token = grant(*a_, what);
  EXPECT_EQ(release(*a_, what, token), release_outcome::released);
  EXPECT_FALSE(occupied(*b_, "r"));
}

TEST_F(conformance, release_repeated_is_not_held) {
  const auto what = ask("r");
  const auto token = grant(*a_, what);
  EXPECT_EQ(release(*a_, what, token), release_outcome::released);
  EXPECT_EQ(release(*a_, what, token), release_outcome::not_held);
}

TEST_F(conformance, release_of_nothing_is_not_held) {
  EXPECT_EQ(release(*a_, ask("never heard of"), 1), release_outcome::not_held);
}

TEST_F(conformance, release_by_another_client_of_the_same_owner) {
  const auto what = ask("r");
  const auto token = grant(*a_, what);
  if (site_->outlives_clients()) {
    EXPECT_EQ(release(*b_, what, token), release_outcome::released);
    return;
  }
  EXPECT_EQ(release(*b_, what, token), release_outcome::not_held);
  EXPECT_TRUE(occupied(*b_, "r"));
}

TEST_F(conformance, release_with_another_owner_frees_nothing) {
  const auto what = ask("r");
  const auto token = grant(*a_, what);
  EXPECT_EQ(release(*b_, ask("r"), token), release_outcome::not_held);
  EXPECT_TRUE(occupied(*b_, "r"));
}

TEST_F(conformance, a_late_release_never_frees_a_newer_holder) {
  const auto late = ask("r", brief());
  const auto old = grant(*a_, late);
  run_out(brief());
  const auto newer = ask("r");
  const auto token = grant(*b_, newer);
  EXPECT_EQ(release(*a_, late, old), release_outcome::not_held);
  EXPECT_TRUE(occupied(*a_, "r"));
  EXPECT_EQ(grant(*b_, newer), token);
}

TEST_F(conformance, a_late_release_does_not_disturb_a_hand_off) {
  const auto holder = ask("r");
  const auto token = grant(*a_, holder);
  const auto next = ask("r");
  queue(*b_, next);
  release(*a_, holder, token);
  EXPECT_EQ(release(*a_, holder, token), release_outcome::not_held);
  take_up(*b_, next);
}

TEST_F(conformance, release_of_a_lease_that_ran_out_is_not_held) {
  const auto what = ask("r", brief());
  const auto token = grant(*a_, what);
  run_out(brief());
  EXPECT_EQ(release(*a_, what, token), release_outcome::not_held);
  EXPECT_FALSE(occupied(*b_, "r"));
}

TEST_F(conformance, release_by_a_waiter_is_not_held_and_keeps_its_place) {
  grant(*a_, ask("r"));
  const auto what = ask("r");
  queue(*b_, what);
  EXPECT_EQ(release(*b_, what, 1), release_outcome::not_held);
  EXPECT_EQ(claim(*b_, what).is, outcome::queued);
}

TEST_F(conformance, release_goes_past_waiters_known_to_be_dead) {
  const auto holder = ask("r");
  const auto token = grant(*a_, holder);
  auto dying = open();
  for (int i = 0; i < 20; ++i) queue(*dying, ask("r"));
  const auto live = ask("r");
  queue(*b_, live);
  dying.reset();
  pass_alive(*b_, {live}, claim_window(*b_) + 1s);
  release(*a_, holder, token);
  EXPECT_EQ(heartbeat(*b_, live), core::wait_verdict::your_turn);
  take_up(*b_, live);
}

TEST_F(conformance, a_hundred_dead_waiters_cost_one_claim_window) {
  const auto holder = ask("r");
  const auto token = grant(*a_, holder);
  auto dying = open();
  for (int i = 0; i < 100; ++i) queue(*dying, ask("r"));
  const auto live = ask("r");
  queue(*b_, live);
  dying.reset();  // Without a word, like a process that was killed.
  release(*a_, holder, token);
  const auto released = site_->now();
  while (heartbeat(*b_, live) != core::wait_verdict::your_turn) {
    ASSERT_LT(site_->now() - released, 2 * b_->traits().claim_window);
    site_->pass(50ms);
  }
  EXPECT_GT(take_up(*b_, live), token);
}

TEST_F(conformance, a_queue_of_dead_waiters_alone_does_not_block) {
  const auto holder = ask("r");
  const auto token = grant(*a_, holder);
  auto dying = open();
  for (int i = 0; i < 5; ++i) queue(*dying, ask("r"));
  dying.reset();
  release(*a_, holder, token);
  const auto released = site_->now();
  while (occupied(*b_, "r")) {
    ASSERT_LT(site_->now() - released, 2 * b_->traits().claim_window);
    site_->pass(50ms);
  }
}

}  // namespace holdfast::conformance
