#include "conformance/suite.hpp"

namespace holdfast::conformance {

TEST_F(conformance, tokens_rise_across_releases) {
  std::uint64_t last = 0;
  for (int i = 0; i < 50; ++i) {
    auto& at = i % 2 ? *a_ : *b_;
    const auto what = ask("r");
    const auto token = grant(at, what);
    EXPECT_GT(token, last);
    last = token;
    EXPECT_EQ(release(at, what, token), release_outcome::released);
  }
}

TEST_F(conformance, tokens_rise_across_expiry) {
  std::uint64_t last = 0;
  for (int i = 0; i < 3; ++i) {
    const auto token = grant(*a_, ask("r", brief()));
    EXPECT_GT(token, last);
    last = token;
    run_out(brief());
  }
}

TEST_F(conformance, tokens_rise_across_a_break) {
  const auto token = grant(*a_, ask("r"));
  EXPECT_TRUE(a_->break_lease("r", token, std::nullopt, by()).ok());
  EXPECT_GT(grant(*b_, ask("r")), token);
}

TEST_F(conformance, tokens_rise_across_hand_offs) {
  auto holder = ask("r");
  auto token = grant(*a_, holder);
  for (int i = 0; i < 10; ++i) {
    const auto next = ask("r");
    auto& from = i % 2 ? *b_ : *a_;
    auto& to = i % 2 ? *a_ : *b_;
    queue(to, next);
    release(from, holder, token);
    const auto passed = take_up(to, next);
    EXPECT_GT(passed, token);
    token = passed;
    holder = next;
  }
}

TEST_F(conformance, tokens_rise_when_all_clients_went_and_came_back) {
  const auto what = ask("r");
  const auto token = grant(*a_, what);
  release(*a_, what, token);
  a_.reset();
  b_.reset();
  const auto later = open();
  EXPECT_GT(grant(*later, ask("r")), token);
}

TEST_F(conformance, tokens_that_were_used_up_to_are_not_given_again) {
  if (!a_->traits().reserves_tokens) return;
  const auto what = ask("r", lasting, 1000);
  const auto token = grant(*a_, what);
  release(*a_, what, token + 700);
  EXPECT_GT(grant(*b_, ask("r")), token + 700);
}

TEST_F(conformance, a_reserve_counts_as_used_when_the_lease_runs_out) {
  if (!a_->traits().reserves_tokens) return;
  // So many that the clock does not get past them by itself: each is a microsecond of it.
  constexpr std::uint32_t reserve = 3'000'000'000;
  const auto token = grant(*a_, ask("r", brief(), reserve));
  run_out(brief());
  EXPECT_GT(grant(*b_, ask("r")), token + reserve);
}

TEST_F(conformance, a_reserve_counts_as_used_after_a_break) {
  if (!a_->traits().reserves_tokens) return;
  constexpr std::uint32_t reserve = 3'000'000'000;
  const auto token = grant(*a_, ask("r", lasting, reserve));
  EXPECT_TRUE(b_->break_lease("r", token, std::nullopt, by()).ok());
  EXPECT_GT(grant(*b_, ask("r")), token + reserve);
}

TEST_F(conformance, a_reserve_that_was_not_used_is_given_back) {
  if (!a_->traits().reserves_tokens) return;
  constexpr std::uint32_t reserve = 3'000'000'000;
  const auto what = ask("r", lasting, reserve);
  const auto token = grant(*a_, what);
  release(*a_, what, token);
  const auto next = grant(*b_, ask("r"));
  EXPECT_GT(next, token);
  EXPECT_LT(next, token + reserve);  // Tokens must not outrun the store's clock.
}

TEST_F(conformance, a_waiters_reserve_is_set_aside_at_the_hand_off) {
  if (!a_->traits().reserves_tokens) return;
  const auto holder = ask("r");
  const auto token = grant(*a_, holder);
  const auto next = ask("r", lasting, 1000);
  queue(*b_, next);
  release(*a_, holder, token);
  const auto passed = take_up(*b_, next);
  release(*b_, next, passed + 1000);
  EXPECT_GT(grant(*a_, ask("r")), passed + 1000);
}

}  // namespace holdfast::conformance
