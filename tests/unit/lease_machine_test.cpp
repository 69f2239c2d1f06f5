#include "core/lease_machine.hpp"

#include <gtest/gtest.h>

#include "core/lease_time.hpp"

namespace holdfast::core {

namespace {

using namespace std::chrono_literals;
using state = lease_machine::state;

constexpr time_point t0{1h};
constexpr duration ttl = 3s;

}  // namespace

TEST(lease_machine, is_held_until_half_the_ttl_then_in_jeopardy_then_lost) {
  lease_machine m{t0, ttl, true};
  EXPECT_EQ(m.look_at(), t0 + ttl / 2);
  EXPECT_EQ(m.on_time(t0 + ttl / 2 - 1ns), state::held);
  EXPECT_EQ(m.on_time(t0 + ttl / 2), state::jeopardy);
  EXPECT_EQ(m.look_at(), lease_deadline(t0, ttl));
  EXPECT_EQ(m.on_time(m.deadline() - 1ns), state::jeopardy);
  EXPECT_EQ(m.on_time(m.deadline()), state::lost);
}

TEST(lease_machine, is_never_in_jeopardy_where_nobody_renews) {
  lease_machine m{t0, ttl, false};
  EXPECT_FALSE(m.renew_at());
  EXPECT_EQ(m.look_at(), m.deadline());
  EXPECT_EQ(m.on_time(m.deadline() - 1ns), state::held);
  EXPECT_EQ(m.on_time(m.deadline()), state::lost);
}

TEST(lease_machine, renews_at_a_third_and_one_at_a_time) {
  lease_machine m{t0, ttl, true};
  ASSERT_EQ(m.renew_at(), t0 + ttl / 3);
  m.on_renewal_sent(t0 + 1s, ttl);
  EXPECT_FALSE(m.renew_at());
  m.on_renewed(t0 + 1s, ttl, t0 + 1100ms);
  EXPECT_EQ(m.renew_at(), t0 + 1s + ttl / 3);
  EXPECT_EQ(m.deadline(), lease_deadline(t0 + 1s, ttl)) << "from the send, not from the answer";
}

TEST(lease_machine, a_renewal_ends_the_jeopardy) {
  lease_machine m{t0, ttl, true};
  m.on_time(t0 + 2s);
  m.on_renewal_sent(t0 + 2s, ttl);
  m.on_renewed(t0 + 2s, ttl, t0 + 2100ms);
  EXPECT_EQ(m.is(), state::held);
}

TEST(lease_machine, an_answer_after_the_deadline_brings_nothing_back) {
  lease_machine m{t0, ttl, true};
  m.on_renewal_sent(t0 + 1s, ttl);
  m.on_renewed(t0 + 1s, ttl, m.deadline());  // Nobody had looked at the clock.
  EXPECT_EQ(m.is(), state::lost);
  EXPECT_FALSE(m.renew_at());
  EXPECT_EQ(m.deadline(), lease_deadline(t0, ttl));
}

TEST(lease_machine, is_lost_when_the_store_says_so) {
  lease_machine m{t0, ttl, true};
  m.on_renewal_sent(t0 + 1s, ttl);
  m.on_refused();
  EXPECT_EQ(m.on_time(t0 + 1s), state::lost);
  m.on_renewed(t0 + 1s, ttl, t0 + 1s);
  EXPECT_EQ(m.is(), state::lost);
}

TEST(lease_machine, tries_again_several_times_before_the_deadline) {
  lease_machine m{t0, ttl, true};
  int tries = 0;
  for (auto at = *m.renew_at(); at < m.deadline(); at = *m.renew_at()) {
    m.on_renewal_sent(at, ttl);
    m.on_renewal_unknown(at, ttl, at);
    ASSERT_GT(*m.renew_at(), at);
    ++tries;
  }
  EXPECT_GE(tries, 5);
  EXPECT_LE(tries, 50);
  EXPECT_EQ(m.deadline(), lease_deadline(t0, ttl)) << "a renewal without an answer gains nothing";
}

TEST(lease_machine, a_refresh_to_a_shorter_ttl_counts_when_it_is_sent) {
  lease_machine m{t0, ttl, true};
  m.on_renewal_sent(t0 + 500ms, 1s);
  EXPECT_EQ(m.deadline(), lease_deadline(t0 + 500ms, 1s));
  m.on_renewed(t0 + 500ms, 1s, t0 + 600ms);
  EXPECT_EQ(m.deadline(), lease_deadline(t0 + 500ms, 1s));
  EXPECT_EQ(m.ttl(), 1s);
}

TEST(lease_machine, a_refresh_to_a_longer_ttl_counts_when_it_is_confirmed) {
  lease_machine m{t0, ttl, true};
  m.on_renewal_sent(t0 + 500ms, 10s);
  EXPECT_EQ(m.deadline(), lease_deadline(t0, ttl));
  m.on_renewed(t0 + 500ms, 10s, t0 + 600ms);
  EXPECT_EQ(m.deadline(), lease_deadline(t0 + 500ms, 10s));
}

TEST(lease_machine, a_shorter_ttl_in_doubt_counts_for_good) {
  lease_machine m{t0, ttl, true};
  m.on_renewal_sent(t0 + 500ms, 1s);
  m.on_renewal_unknown(t0 + 500ms, 1s, t0 + 700ms);
  EXPECT_EQ(m.deadline(), lease_deadline(t0 + 500ms, 1s));
  m.on_renewal_sent(t0 + 800ms, ttl);
  m.on_renewed(t0 + 800ms, ttl, t0 + 810ms);
  EXPECT_EQ(m.deadline(), lease_deadline(t0 + 800ms, 1s)) << "the lost one may arrive now";
  EXPECT_EQ(m.counted(), 1s);
}

TEST(lease_machine, a_renewal_in_doubt_counts_against_a_longer_ttl_later) {
  lease_machine m{t0, ttl, true};
  m.on_renewal_sent(t0 + 1s, ttl);
  m.on_renewal_unknown(t0 + 1s, ttl, t0 + 1100ms);
  m.on_renewal_sent(t0 + 1200ms, 60s);
  m.on_renewed(t0 + 1200ms, 60s, t0 + 1300ms);
  EXPECT_EQ(m.deadline(), lease_deadline(t0 + 1200ms, ttl));
}

}  // namespace holdfast::core
