#include "conformance/suite.hpp"

namespace holdfast::conformance {

using verdict = core::renew_verdict;

TEST_F(conformance, renew_prolongs_a_lease) {
  const auto ttl = brief() * 2;
  for (int attempt = 0; attempt < 20; ++attempt) {
    const auto what = ask("r" + std::to_string(attempt), ttl);
    grant(*a_, what);
    site_->pass(ttl * 3 / 4);
    const auto anew = a_->traits().changes_ttl ? lasting : ttl;
    if (renew(*a_, what, anew) == verdict::lost) continue;  // The machine was too slow.
    site_->pass(ttl / 2);
    EXPECT_TRUE(occupied(*b_, what.resource));
    return;
  }
  FAIL() << "no renewal in time";
}

TEST_F(conformance, renew_may_shorten_a_lease) {
  if (!a_->traits().changes_ttl) return;
  const auto what = ask("r");
  grant(*a_, what);
  EXPECT_EQ(renew(*a_, what, brief()), verdict::renewed);
  run_out(brief());
  EXPECT_FALSE(occupied(*b_, "r"));
}

TEST_F(conformance, renew_to_another_ttl_is_not_done_in_silence) {
  if (a_->traits().changes_ttl) return;
  const auto what = ask("r");
  grant(*a_, what);
  const core::lease_ref which = lease(what, 0, lasting * 2);
  auto answer = verdict::renewed;
  EXPECT_EQ(a_->renew({&which, 1}, {&answer, 1}, by()).why, errc::unsupported);
  EXPECT_EQ(answer, verdict::unknown);
  EXPECT_EQ(renew(*a_, what), verdict::renewed);
}

TEST_F(conformance, renew_tells_when_it_was_sent) {
  const auto what = ask("r");
  grant(*a_, what);
  const core::lease_ref which = lease(what, 0);
  auto answer = verdict::unknown;
  const auto before = site_->now();
  const auto sent = a_->renew({&which, 1}, {&answer, 1}, by()).sent;
  EXPECT_GE(sent, before);
  EXPECT_LE(sent, site_->now());
}

TEST_F(conformance, renew_of_nothing_is_lost) { EXPECT_EQ(renew(*a_, ask("r")), verdict::lost); }

TEST_F(conformance, renew_with_another_owner_is_lost) {
  const auto what = ask("r", brief());
  grant(*a_, what);
  EXPECT_EQ(renew(*a_, ask("r"), lasting), verdict::lost);
  run_out(brief());
  EXPECT_FALSE(occupied(*b_, "r"));  // And it prolonged nothing.
}

TEST_F(conformance, renew_never_raises_the_dead) {
  const auto what = ask("r", brief());
  grant(*a_, what);
  run_out(brief());
  EXPECT_EQ(renew(*a_, what), verdict::lost);
  EXPECT_FALSE(occupied(*b_, "r"));
}

TEST_F(conformance, renew_after_a_release_is_lost) {
  const auto what = ask("r");
  const auto token = grant(*a_, what);
  release(*a_, what, token);
  EXPECT_EQ(renew(*a_, what), verdict::lost);
}

TEST_F(conformance, renew_does_not_lift_a_waiter) {
  grant(*a_, ask("r"));
  const auto what = ask("r");
  queue(*b_, what);
  EXPECT_EQ(renew(*b_, what), verdict::lost);
  EXPECT_EQ(claim(*b_, what).is, outcome::queued);
}

TEST_F(conformance, a_late_renew_does_not_touch_a_newer_holder) {
  const auto late = ask("r", brief());
  grant(*a_, late);
  run_out(brief());
  const auto newer = ask("r", brief());
  grant(*b_, newer);
  EXPECT_EQ(renew(*a_, late, lasting), verdict::lost);
  run_out(brief());
  EXPECT_FALSE(occupied(*a_, "r"));
}

TEST_F(conformance, renew_of_none_is_well) { EXPECT_TRUE(a_->renew({}, {}, by()).why.ok()); }

TEST_F(conformance, renew_gives_each_of_a_batch_its_verdict) {
  std::vector<core::request> requests;
  for (int i = 0; i < site_->crowd(); ++i) {
    requests.push_back(ask("r" + std::to_string(i)));
    if (i % 3 != 0) grant(*a_, requests.back());
  }
  std::vector<core::lease_ref> leases;
  for (const auto& what : requests) leases.push_back(lease(what, 0));
  std::vector<verdict> verdicts(leases.size(), verdict::unknown);
  const auto answer = a_->renew(leases, verdicts, by());
  EXPECT_TRUE(answer.why.ok()) << answer.why.message();
  for (std::size_t i = 0; i < verdicts.size(); ++i)
    EXPECT_EQ(verdicts[i], i % 3 != 0 ? verdict::renewed : verdict::lost) << i;
}

}  // namespace holdfast::conformance
