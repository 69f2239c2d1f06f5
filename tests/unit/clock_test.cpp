#include "holdfast/clock.hpp"

#include <gtest/gtest.h>
#include <time.h>

#include "core/system_clock.hpp"

namespace holdfast {

using namespace std::chrono_literals;

TEST(boot_clock, is_the_systems_boot_time) {
  timespec before{};
  timespec after{};
  ::clock_gettime(CLOCK_BOOTTIME, &before);
  const auto now = boot_clock::now().time_since_epoch();
  ::clock_gettime(CLOCK_BOOTTIME, &after);
  EXPECT_GE(now, std::chrono::seconds{before.tv_sec} + std::chrono::nanoseconds{before.tv_nsec});
  EXPECT_LE(now, std::chrono::seconds{after.tv_sec} + std::chrono::nanoseconds{after.tv_nsec});
}

TEST(system_clock, is_one_and_goes_on) {
  const auto it = core::system_clock();
  EXPECT_EQ(it, core::system_clock());
  const auto now = it->now();
  EXPECT_GE(boot_clock::now(), now);
  EXPECT_EQ(it->sleep_until(now - 1h), 0ns);
  EXPECT_EQ(it->sleep_until(now), 0ns);
  const auto left = it->sleep_until(now + 1h);
  EXPECT_LE(left, 1h);
  EXPECT_GT(left, 30min);
}

TEST(manual_clock, stands_still_until_told) {
  manual_clock it{time_point{5s}};
  EXPECT_EQ(it.now(), time_point{5s});
  EXPECT_EQ(it.now(), time_point{5s});
  it.advance(3s);
  EXPECT_EQ(it.now(), time_point{8s});
  it.advance(0s);
  it.advance(-1s);
  EXPECT_EQ(it.now(), time_point{8s});
}

TEST(manual_clock, is_looked_at_again_soon) {
  manual_clock it;
  const auto at = it.now() + 10s;
  EXPECT_GT(it.sleep_until(at), 0ns);
  EXPECT_LE(it.sleep_until(at), 1ms);
  it.advance(10s);
  EXPECT_EQ(it.sleep_until(at), 0ns);
}

}  // namespace holdfast
