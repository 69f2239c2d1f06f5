#include "conformance/suite.hpp"

namespace holdfast::conformance {

TEST_F(conformance, withdraw_leaves_the_queue) {
  const auto holder = ask("r");
  const auto token = grant(*a_, holder);
  const auto what = ask("r");
  queue(*b_, what);
  withdraw(*b_, what);
  EXPECT_TRUE(inspect(*a_, "r").waiters.empty());
  EXPECT_EQ(claim(*b_, what).is, outcome::gone);
  release(*a_, holder, token);
  EXPECT_FALSE(occupied(*a_, "r"));
}

TEST_F(conformance, withdraw_moves_up_those_behind) {
  grant(*a_, ask("r"));
  const auto first = ask("r");
  const auto second = ask("r");
  queue(*b_, first);
  queue(*b_, second);
  withdraw(*b_, first);
  EXPECT_EQ(claim(*b_, second).position, 0U);
}

TEST_F(conformance, withdraw_passes_a_hand_off_on) {
  const auto holder = ask("r");
  const auto token = grant(*a_, holder);
  const auto first = ask("r");
  const auto second = ask("r");
  queue(*b_, first);
  queue(*b_, second);
  release(*a_, holder, token);
  withdraw(*b_, first);
  EXPECT_GT(take_up(*b_, second), token);
}

TEST_F(conformance, withdraw_gives_back_a_grant_whose_answer_was_lost) {
  const auto what = ask("r");
  const auto token = grant(*a_, what);
  withdraw(*a_, what);
  EXPECT_FALSE(occupied(*b_, "r"));
  EXPECT_GT(grant(*b_, ask("r")), token);
}

TEST_F(conformance, withdraw_gives_a_crossed_grant_to_the_next) {
  const auto what = ask("r");
  const auto token = grant(*a_, what);
  const auto next = ask("r");
  queue(*b_, next);
  withdraw(*a_, what);
  EXPECT_GT(take_up(*b_, next), token);
}

TEST_F(conformance, withdraw_of_nothing_is_done) {
  withdraw(*a_, ask("r"));
  const auto what = ask("r");
  withdraw(*a_, what);
  withdraw(*a_, what);
  EXPECT_FALSE(occupied(*a_, "r"));
}

TEST_F(conformance, withdraw_leaves_others_alone) {
  grant(*a_, ask("r"));
  const auto waiting = ask("r");
  queue(*b_, waiting);
  withdraw(*b_, ask("r"));
  EXPECT_EQ(claim(*b_, waiting).is, outcome::queued);
  EXPECT_TRUE(occupied(*b_, "r"));
}

TEST_F(conformance, withdraw_of_a_lease_that_ran_out_leaves_the_newer_holder) {
  const auto late = ask("r", brief());
  grant(*a_, late);
  run_out(brief());
  grant(*b_, ask("r"));
  withdraw(*a_, late);
  EXPECT_TRUE(occupied(*a_, "r"));
}

TEST_F(conformance, whoever_comes_back_after_withdraw_queues_at_the_end) {
  grant(*a_, ask("r"));
  const auto first = ask("r");
  const auto second = ask("r");
  queue(*b_, first);
  queue(*b_, second);
  withdraw(*b_, first);
  EXPECT_EQ(queue(*b_, first).position, 1U);
}

}  // namespace holdfast::conformance
