#include "conformance/suite.hpp"

namespace holdfast::conformance {

using verdict = core::wait_verdict;

TEST_F(conformance, heartbeat_of_a_waiter) {
  grant(*a_, ask("r"));
  const auto what = ask("r");
  queue(*b_, what);
  EXPECT_EQ(heartbeat(*b_, what), verdict::waiting);
}

TEST_F(conformance, heartbeat_without_a_ticket_is_gone) {
  EXPECT_EQ(heartbeat(*a_, ask("r")), verdict::gone);
  grant(*a_, ask("r"));
  EXPECT_EQ(heartbeat(*b_, ask("r")), verdict::gone);
}

TEST_F(conformance, heartbeat_after_withdraw_is_gone) {
  grant(*a_, ask("r"));
  const auto what = ask("r");
  queue(*b_, what);
  withdraw(*b_, what);
  EXPECT_EQ(heartbeat(*b_, what), verdict::gone);
}

TEST_F(conformance, heartbeat_tells_of_a_hand_off_whose_hint_was_lost) {
  const auto holder = ask("r");
  const auto token = grant(*a_, holder);
  const auto next = ask("r");
  queue(*b_, next);
  release(*a_, holder, token);
  EXPECT_EQ(heartbeat(*b_, next), verdict::your_turn);
  take_up(*b_, next);
}

TEST_F(conformance, heartbeat_hands_a_free_resource_to_the_head) {
  grant(*a_, ask("r", brief()));
  const auto head = ask("r");
  const auto second = ask("r");
  queue(*b_, head);
  queue(*b_, second);
  run_out(brief());
  const std::vector<core::waiter_ref> both{waiter(second), waiter(head)};
  std::vector<verdict> verdicts(2, verdict::unknown);
  EXPECT_TRUE(b_->heartbeat(both, verdicts, by()).ok());
  if (verdicts[1] != verdict::your_turn) verdicts[1] = heartbeat(*b_, head);
  EXPECT_EQ(verdicts[1], verdict::your_turn);
  EXPECT_EQ(verdicts[0], verdict::waiting);
  take_up(*b_, head);
}

TEST_F(conformance, heartbeat_keeps_a_waiter_alive) {
  const auto holder = ask("r");
  const auto token = grant(*a_, holder);
  const auto first = ask("r");
  const auto second = ask("r");
  queue(*b_, first);
  queue(*b_, second);
  pass_alive(*b_, {first, second}, claim_window(*b_) * 3 / 2);
  release(*a_, holder, token);
  EXPECT_EQ(heartbeat(*b_, second), verdict::waiting);
  EXPECT_EQ(heartbeat(*b_, first), verdict::your_turn);
}

TEST_F(conformance, heartbeat_of_none_is_well) { EXPECT_TRUE(a_->heartbeat({}, {}, by()).ok()); }

TEST_F(conformance, heartbeat_gives_each_of_a_batch_its_verdict) {
  std::vector<core::request> requests;
  std::vector<std::pair<core::request, std::uint64_t>> holders;
  for (int i = 0; i < site_->crowd(); ++i) {
    const auto name = "r" + std::to_string(i / 5);
    if (i % 5 == 0) {
      const auto holder = ask(name);
      holders.emplace_back(holder, grant(*a_, holder));
    }
    requests.push_back(ask(name));
    if (i % 5 != 4) queue(*b_, requests.back());  // The last of each resource never asked.
  }
  std::vector<core::waiter_ref> waiters;
  for (const auto& what : requests) waiters.push_back(waiter(what));
  std::vector<verdict> verdicts(waiters.size(), verdict::unknown);
  EXPECT_TRUE(b_->heartbeat(waiters, verdicts, by()).ok());
  for (std::size_t i = 0; i < verdicts.size(); ++i)
    EXPECT_EQ(verdicts[i], i % 5 != 4 ? verdict::waiting : verdict::gone) << i;
  release(*a_, holders[7].first, holders[7].second);
  EXPECT_TRUE(b_->heartbeat(waiters, verdicts, by()).ok());
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    const auto expected = i == 35 ? verdict::your_turn : i % 5 != 4 ? verdict::waiting : verdict::gone;
    EXPECT_EQ(verdicts[i], expected) << i;
  }
}

}  // namespace holdfast::conformance
