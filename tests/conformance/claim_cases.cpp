#include "conformance/suite.hpp"

namespace holdfast::conformance {

TEST_F(conformance, claim_takes_up_a_hand_off) {
  const auto holder = ask("r");
  const auto token = grant(*a_, holder);
  const auto next = ask("r");
  queue(*b_, next);
  EXPECT_EQ(release(*a_, holder, token), release_outcome::released);
  const auto before = site_->now();
  const auto answer = claim(*b_, next);
  EXPECT_EQ(answer.is, outcome::granted);
  EXPECT_GT(answer.token, token);
  // Where leases are shared, the last renewal of the one that carries it counts: most of it is left.
  EXPECT_GE(answer.sent, b_->traits().shares_leases ? before - answer.ttl / 2 : before);
  EXPECT_GE(answer.ttl, lasting);
}

TEST_F(conformance, claim_repeated_returns_the_same_token) {
  const auto holder = ask("r");
  const auto token = grant(*a_, holder);
  const auto next = ask("r");
  queue(*b_, next);
  release(*a_, holder, token);
  const auto first = take_up(*b_, next);
  EXPECT_EQ(take_up(*b_, next), first);
  EXPECT_EQ(grant(*b_, next), first);
}

TEST_F(conformance, acquire_takes_up_a_hand_off_like_claim) {
  const auto holder = ask("r");
  const auto token = grant(*a_, holder);
  const auto next = ask("r");
  queue(*b_, next);
  release(*a_, holder, token);
  const auto taken = grant(*b_, next);
  EXPECT_GT(taken, token);
  EXPECT_EQ(take_up(*b_, next), taken);
  site_->pass(claim_window(*a_));
  EXPECT_TRUE(occupied(*a_, "r"));
}

TEST_F(conformance, claim_while_it_is_held_tells_the_place) {
  grant(*a_, ask("r"));
  const auto first = ask("r");
  const auto second = ask("r");
  queue(*b_, first);
  queue(*a_, second);
  const auto one = claim(*b_, first);
  EXPECT_EQ(one.is, outcome::queued);
  EXPECT_EQ(one.position, 0U);
  EXPECT_GT(one.look_again, 0s);
  const auto two = claim(*a_, second);
  EXPECT_EQ(two.is, outcome::queued);
  EXPECT_EQ(two.position, 1U);
}

TEST_F(conformance, claim_without_a_ticket_is_gone) {
  EXPECT_EQ(claim(*a_, ask("r")).is, outcome::gone);
  grant(*a_, ask("r"));
  EXPECT_EQ(claim(*b_, ask("r")).is, outcome::gone);
  EXPECT_TRUE(inspect(*b_, "r").waiters.empty());
}

TEST_F(conformance, claim_by_the_holder_is_idempotent) {
  const auto what = ask("r");
  const auto token = grant(*a_, what);
  EXPECT_EQ(take_up(*a_, what), token);
}

TEST_F(conformance, the_head_claims_a_lease_that_ran_out) {
  const auto token = grant(*a_, ask("r", brief()));
  const auto next = ask("r");
  queue(*b_, next);
  run_out(brief());
  EXPECT_GT(take_up(*b_, next), token);
}

TEST_F(conformance, the_second_does_not_overtake_the_head) {
  grant(*a_, ask("r", brief()));
  const auto head = ask("r");
  const auto second = ask("r");
  queue(*b_, head);
  queue(*a_, second);
  run_out(brief());
  EXPECT_EQ(claim(*a_, second).is, outcome::queued);
  take_up(*b_, head);
}

TEST_F(conformance, a_hand_off_occupies_the_resource) {
  const auto holder = ask("r");
  const auto token = grant(*a_, holder);
  const auto next = ask("r");
  queue(*b_, next);
  release(*a_, holder, token);
  EXPECT_TRUE(occupied(*a_, "r"));
  EXPECT_EQ(acquire(*a_, holder).is, outcome::queued);  // The former holder has to queue like anybody.
  take_up(*b_, next);
}

TEST_F(conformance, a_lease_lasts_from_its_claim) {
  const auto holder = ask("r");
  const auto token = grant(*a_, holder);
  const auto next = ask("r");
  queue(*b_, next);
  release(*a_, holder, token);
  take_up(*b_, next);
  site_->pass(claim_window(*b_));
  EXPECT_TRUE(occupied(*a_, "r"));
  EXPECT_EQ(renew(*b_, next), core::renew_verdict::renewed);
}

TEST_F(conformance, a_hand_off_that_nobody_claims_goes_on_to_the_next) {
  const auto holder = ask("r");
  const auto token = grant(*a_, holder);
  const auto dead = ask("r");
  const auto live = ask("r");
  queue(*a_, dead);
  queue(*b_, live);
  release(*a_, holder, token);
  pass_alive(*b_, {live}, claim_window(*b_));
  EXPECT_GT(take_up(*b_, live), token);
  EXPECT_NE(claim(*a_, dead).is, outcome::granted);
}

TEST_F(conformance, a_late_claim_gets_what_nobody_else_has_with_a_new_token) {
  const auto holder = ask("r");
  const auto token = grant(*a_, holder);
  const auto late = ask("r");
  queue(*b_, late);
  release(*a_, holder, token);
  const auto seen = inspect(*a_, "r");
  ASSERT_EQ(seen.holders.size(), 1U);
  site_->pass(claim_window(*b_));
  EXPECT_GT(take_up(*b_, late), seen.holders[0].token.value());
}

TEST_F(conformance, a_late_claim_gets_nothing_that_another_has) {
  const auto holder = ask("r");
  const auto token = grant(*a_, holder);
  const auto late = ask("r");
  queue(*b_, late);
  release(*a_, holder, token);
  site_->pass(claim_window(*b_));
  const auto other = ask("r");
  const auto theirs = grant(*a_, other);
  EXPECT_NE(claim(*b_, late).is, outcome::granted);
  EXPECT_NE(acquire(*b_, late).is, outcome::granted);
  EXPECT_EQ(grant(*a_, other), theirs);
}

TEST_F(conformance, ten_waiters_are_served_in_order) {
  auto holder = ask("r");
  auto token = grant(*a_, holder);
  const auto third = open();
  const std::vector<core::store*> clients{a_.get(), b_.get(), third.get()};
  std::vector<core::request> waiters;
  for (std::size_t i = 0; i < 10; ++i) {
    waiters.push_back(ask("r"));
    EXPECT_EQ(queue(*clients[i % 3], waiters.back()).position, i);
  }
  core::store* last = a_.get();
  for (std::size_t i = 0; i < waiters.size(); ++i) {
    pass_alive(*last, waiters, 0s);
    release(*last, holder, token);
    for (std::size_t j = i + 1; j < waiters.size(); ++j) {
      const auto answer = claim(*clients[j % 3], waiters[j]);
      EXPECT_EQ(answer.is, outcome::queued);
      EXPECT_EQ(answer.position, j - i - 1);
    }
    last = clients[i % 3];
    const auto next = take_up(*last, waiters[i]);
    EXPECT_GT(next, token);
    token = next;
    holder = waiters[i];
  }
  release(*last, holder, token);
  EXPECT_FALSE(occupied(*a_, "r"));
}

}  // namespace holdfast::conformance
