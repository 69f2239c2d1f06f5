#include "conformance/suite.hpp"

namespace holdfast::conformance {

TEST_F(conformance, ping_answers) {
  const auto how = a_->ping(by());
  EXPECT_TRUE(how.ok()) << how.message();
}

TEST_F(conformance, traits_are_sane) {
  const auto traits = a_->traits();
  EXPECT_GE(traits.claim_window, 500ms);
  EXPECT_LE(traits.heartbeat_every * 2, traits.claim_window);
  EXPECT_LE(traits.shortest_ttl, 1s);
}

TEST_F(conformance, acquire_grants_a_free_resource) {
  const auto before = site_->now();
  const auto answer = acquire(*a_, ask("r"));
  EXPECT_EQ(answer.is, outcome::granted) << answer.why.message();
  EXPECT_GE(answer.sent, before);
  EXPECT_LE(answer.sent, site_->now());
  EXPECT_GE(answer.ttl, lasting);
  EXPECT_GT(answer.token, 0U);
  EXPECT_LT(answer.token, 1ULL << 53);
}

TEST_F(conformance, acquire_grants_without_waiting_too) {
  EXPECT_EQ(acquire(*a_, ask("r"), false).is, outcome::granted);
}

TEST_F(conformance, acquire_repeated_returns_the_same_token) {
  const auto what = ask("r");
  const auto token = grant(*a_, what);
  EXPECT_EQ(grant(*a_, what), token);
  EXPECT_EQ(acquire(*a_, what, false).token, token);
  // The answer was lost with its connection; another one asks again.
  if (site_->outlives_clients())
    EXPECT_EQ(grant(*b_, what), token);
  else
    EXPECT_EQ(acquire(*b_, what, false).is, outcome::busy);
}

TEST_F(conformance, acquire_repeated_prolongs_the_lease) {
  // The client counts its deadline from the attempt whose answer it read.
  const auto ttl = brief() * 2;
  for (int attempt = 0; attempt < 20; ++attempt) {
    const auto what = ask("r" + std::to_string(attempt), ttl);
    grant(*a_, what);
    site_->pass(ttl * 3 / 4);
    const auto again = acquire(*a_, what);
    site_->pass(ttl / 2);
    const bool held = occupied(*b_, what.resource);
    if (site_->now() >= again.sent + ttl) continue;  // The machine was too slow to tell.
    EXPECT_TRUE(held);
    return;
  }
  FAIL() << "the machine was too slow each time";
}

TEST_F(conformance, acquire_repeated_after_expiry_is_a_new_grant) {
  const auto what = ask("r", brief());
  const auto first = grant(*a_, what);
  run_out(brief());
  const auto answer = acquire(*a_, what);
  EXPECT_EQ(answer.is, outcome::granted);
  EXPECT_GT(answer.token, first);
}

TEST_F(conformance, acquire_repeated_after_another_took_it_queues) {
  const auto first = ask("r", brief());
  grant(*a_, first);
  run_out(brief());
  grant(*b_, ask("r"));
  EXPECT_EQ(acquire(*a_, first).is, outcome::queued);
}

TEST_F(conformance, acquire_is_busy_when_held) {
  grant(*a_, ask("r"));
  EXPECT_EQ(acquire(*b_, ask("r"), false).is, outcome::busy);
  EXPECT_EQ(acquire(*a_, ask("r"), false).is, outcome::busy);  // Owners exclude one another, not clients.
}

TEST_F(conformance, busy_leaves_nothing_behind) {
  const auto holder = ask("r");
  const auto token = grant(*a_, holder);
  const auto refused = ask("r");
  EXPECT_EQ(acquire(*b_, refused, false).is, outcome::busy);
  EXPECT_TRUE(inspect(*a_, "r").waiters.empty());
  EXPECT_EQ(claim(*b_, refused).is, outcome::gone);
  release(*a_, holder, token);
  EXPECT_FALSE(occupied(*a_, "r"));
}

TEST_F(conformance, acquire_queues_when_held) {
  grant(*a_, ask("r", 10s));
  const auto answer = queue(*b_, ask("r"));
  EXPECT_EQ(answer.position, 0U);
  EXPECT_GT(answer.look_again, 0s);
  EXPECT_LE(answer.look_again, 12s);  // The holder's lease may run out: no hint tells of that.
}

TEST_F(conformance, queue_positions_count_up) {
  grant(*a_, ask("r"));
  for (std::uint32_t i = 0; i < 5; ++i) EXPECT_EQ(queue(i % 2 ? *a_ : *b_, ask("r")).position, i);
}

TEST_F(conformance, acquire_repeated_while_queued_keeps_the_place) {
  grant(*a_, ask("r"));
  const auto first = ask("r");
  const auto second = ask("r");
  queue(*b_, first);
  queue(*b_, second);
  EXPECT_EQ(queue(*b_, first).position, 0U);
  EXPECT_EQ(queue(*b_, second).position, 1U);
  EXPECT_EQ(inspect(*a_, "r").waiters.size(), 2U);
}

TEST_F(conformance, an_expired_lease_is_free) {
  const auto token = grant(*a_, ask("r", brief()));
  EXPECT_TRUE(occupied(*b_, "r"));
  run_out(brief());
  EXPECT_GT(grant(*b_, ask("r")), token);
}

TEST_F(conformance, nobody_overtakes_a_live_queue) {
  grant(*a_, ask("r", brief()));
  const auto first = ask("r");
  queue(*b_, first);
  run_out(brief());
  EXPECT_EQ(acquire(*a_, ask("r"), false).is, outcome::busy);
  const auto late = ask("r");
  EXPECT_EQ(acquire(*a_, late).is, outcome::queued);
  take_up(*b_, first);
  EXPECT_EQ(claim(*a_, late).is, outcome::queued);
}

TEST_F(conformance, resources_are_independent) {
  grant(*a_, ask("r"));
  grant(*a_, ask("s"));
  grant(*b_, ask("rr"));
  grant(*b_, ask("R"));
}

TEST_F(conformance, the_shortest_ttl_is_taken) {
  const auto what = ask("r", a_->traits().shortest_ttl);
  grant(*a_, what);
  run_out(what.ttl);
  grant(*b_, ask("r"));
}

TEST_F(conformance, the_longest_ttl_is_taken) {
  const auto what = ask("r", std::chrono::hours{24 * 365});
  const auto token = grant(*a_, what);
  EXPECT_TRUE(occupied(*b_, "r"));
  EXPECT_EQ(release(*a_, what, token), release_outcome::released);
}

TEST_F(conformance, kinds_that_the_store_does_not_know_are_refused) {
  if (a_->traits().serves_shared) return;
  auto shared = ask("r");
  shared.mode = core::lock_mode::shared;
  auto permits = ask("r");
  permits.capacity = 3;
  for (const auto& what : {shared, permits}) {
    const auto answer = acquire(*a_, what);
    EXPECT_EQ(answer.is, outcome::failed);
    EXPECT_FALSE(answer.unknown);
    EXPECT_EQ(answer.why, errc::unsupported);
    EXPECT_FALSE(answer.why.message().empty());
  }
  EXPECT_FALSE(occupied(*b_, "r"));
}

TEST_F(conformance, a_store_opened_later_sees_what_is_held) {
  grant(*a_, ask("r"));
  const auto early = open();
  EXPECT_EQ(acquire(*early, ask("r"), false).is, outcome::busy);
  a_.reset();  // Gone without a release. As a rule that keeps the lease until it runs out.
  const auto later = open();
  if (site_->outlives_clients()) {
    EXPECT_EQ(acquire(*later, ask("r"), false).is, outcome::busy);
    return;
  }
  const auto gone = site_->now();
  while (occupied(*later, "r")) ASSERT_LT(site_->now() - gone, lasting / 2);
}

}  // namespace holdfast::conformance
