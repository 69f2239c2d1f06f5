#include "core/lease_time.hpp"

#include <gtest/gtest.h>

namespace holdfast::core {

using namespace std::chrono_literals;

TEST(lease_time, the_deadline_counts_from_the_send_less_a_margin) {
  constexpr time_point sent{1h};
  EXPECT_EQ(lease_deadline(sent, 30s), sent + 30s - 300ms - 2ms);
  EXPECT_EQ(lease_deadline(sent, 100ms), sent + 97ms);
}

/// A store whose clock is a hundredth faster frees the lease no sooner than the client gives it up.
TEST(lease_time, the_margin_covers_a_clock_that_is_a_hundredth_faster) {
  constexpr time_point sent{1h};
  for (const duration ttl : {duration{100ms}, duration{1s}, duration{30s}, duration{24h}})
    EXPECT_LT(lease_deadline(sent, ttl), sent + ttl * 100 / 101);
}

TEST(lease_time, renewal_comes_before_jeopardy_and_that_before_the_deadline) {
  for (const duration ttl : {duration{100ms}, duration{30s}}) {
    EXPECT_LT(renewal_period(ttl), jeopardy_after(ttl));
    EXPECT_LT(time_point{} + jeopardy_after(ttl), lease_deadline(time_point{}, ttl));
    EXPECT_GT(least_useful(ttl), duration::zero());
  }
}

TEST(lease_time, pauses_grow_and_stay_within_a_second) {
  EXPECT_EQ(retry_pause(0), 20ms);
  EXPECT_EQ(retry_pause(1), 40ms);
  EXPECT_EQ(retry_pause(6), 1s);
  EXPECT_EQ(retry_pause(4'000'000'000U), 1s);
}

}  // namespace holdfast::core
