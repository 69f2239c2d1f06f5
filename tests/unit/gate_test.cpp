#include "core/gate.hpp"

#include <gtest/gtest.h>

namespace holdfast::core {

namespace {

using namespace std::chrono_literals;
using role = gate::role;
using phase = gate::phase;
using effect = gate::leave_effect;

constexpr time_point t0{1h};
constexpr gate::ask usual{.ttl = 30s};

/// Threads a and b at the gate; a's request was granted at t0.
struct a_turn_and_a_waiter {
  explicit a_turn_and_a_waiter(std::uint32_t reserve = 10, gate::ask of_b = usual, bool renews = true) {
    a = it.arrive({.ttl = usual.ttl, .renews = renews});
    b = it.arrive(of_b);
    it.on_request_begun({.ttl = usual.ttl, .renews = renews});
    it.on_granted(a, {.replied = t0, .ttl = usual.ttl, .renews = renews, .reserve = reserve});
  }
  gate it;
  gate::ticket a = 0;
  gate::ticket b = 0;
};

}  // namespace

TEST(gate, the_first_to_come_drives) {
  gate it;
  EXPECT_TRUE(it.idle());
  const auto a = it.arrive(usual);
  EXPECT_FALSE(it.crowded());
  const auto b = it.arrive(usual);
  EXPECT_TRUE(it.crowded());
  EXPECT_EQ(it.role_of(a), role::drive);
  EXPECT_EQ(it.role_of(b), role::wait);
  it.on_request_begun(usual);
  EXPECT_EQ(it.is(), phase::asking);
  EXPECT_EQ(it.role_of(a), role::drive);
  it.on_granted(a, {.replied = t0, .ttl = 30s});
  EXPECT_EQ(it.role_of(a), role::turn);
  EXPECT_EQ(it.role_of(b), role::wait);
}

TEST(gate, the_next_drives_when_a_request_came_to_nothing) {
  gate it;
  const auto a = it.arrive(usual);
  const auto b = it.arrive(usual);
  it.on_request_begun(usual);
  it.on_request_ended(a);
  EXPECT_EQ(it.is(), phase::idle);
  EXPECT_EQ(it.role_of(b), role::drive);
}

TEST(gate, a_driver_that_leaves_hands_its_request_to_the_next) {
  gate it;
  const auto a = it.arrive(usual);
  const auto b = it.arrive(usual);
  it.on_request_begun(usual);
  EXPECT_EQ(it.leave(a), effect::none);
  EXPECT_EQ(it.is(), phase::asking);
  EXPECT_EQ(it.role_of(b), role::drive);
}

TEST(gate, a_request_is_withdrawn_when_nobody_is_left_for_it) {
  gate it;
  const auto a = it.arrive(usual);
  it.on_request_begun(usual);
  EXPECT_EQ(it.leave(a), effect::withdraw);
  EXPECT_EQ(it.is(), phase::leaving);
  const auto b = it.arrive(usual);
  EXPECT_EQ(it.role_of(b), role::wait) << "until the withdrawal is answered";
  it.on_request_ended(a);
  EXPECT_EQ(it.role_of(b), role::drive);
}

TEST(gate, a_request_does_not_suit_whoever_wants_a_longer_ttl_or_no_renewal) {
  for (const gate::ask other : {gate::ask{.ttl = 31s}, gate::ask{.ttl = 30s, .renews = false}}) {
    gate it;
    const auto a = it.arrive(usual);
    const auto b = it.arrive(other);
    it.on_request_begun(usual);
    EXPECT_EQ(it.leave(a), effect::withdraw);
    it.on_request_ended(a);
    EXPECT_EQ(it.role_of(b), role::drive);
  }
}

TEST(gate, who_waits_behind_may_leave_at_any_time) {
  gate it;
  const auto a = it.arrive(usual);
  const auto b = it.arrive(usual);
  EXPECT_EQ(it.leave(b), effect::none);
  it.on_request_begun(usual);
  EXPECT_EQ(it.leave(b), effect::none) << "already gone";
  EXPECT_EQ(it.role_of(a), role::drive);
}

TEST(gate, a_turn_passes_on_with_the_next_token) {
  a_turn_and_a_waiter t;
  const auto c = t.it.arrive(usual);
  auto next = t.it.on_turn_ended(t0 + 1ms, true);
  EXPECT_TRUE(next.passes);
  EXPECT_EQ(next.to, t.b);
  EXPECT_EQ(next.offset, 1U);
  EXPECT_EQ(t.it.role_of(t.b), role::turn);
  next = t.it.on_turn_ended(t0 + 2ms, true);
  EXPECT_EQ(next.to, c);
  EXPECT_EQ(next.offset, 2U);
  next = t.it.on_turn_ended(t0 + 3ms, true);
  EXPECT_FALSE(next.passes) << "nobody waits";
  EXPECT_EQ(t.it.is(), phase::releasing);
  t.it.on_released();
  EXPECT_TRUE(t.it.idle());
}

TEST(gate, everybody_waits_for_the_release) {
  a_turn_and_a_waiter t;
  EXPECT_FALSE(t.it.on_turn_ended(t0 + 1ms, false).passes) << "not sound";
  EXPECT_EQ(t.it.role_of(t.b), role::wait);
  t.it.on_released();
  EXPECT_EQ(t.it.role_of(t.b), role::drive);
}

TEST(gate, passes_no_turn_without_a_token_for_it) {
  a_turn_and_a_waiter none{0};
  EXPECT_FALSE(none.it.on_turn_ended(t0 + 1ms, true).passes);
  a_turn_and_a_waiter one{1};
  one.it.arrive(usual);
  EXPECT_TRUE(one.it.on_turn_ended(t0 + 1ms, true).passes);
  EXPECT_FALSE(one.it.on_turn_ended(t0 + 2ms, true).passes);
}

TEST(gate, no_token_outruns_the_stores_clock) {
  a_turn_and_a_waiter t;
  EXPECT_FALSE(t.it.on_turn_ended(t0 + 999ns, true).passes);
  a_turn_and_a_waiter later;
  EXPECT_TRUE(later.it.on_turn_ended(t0 + 1us, true).passes);
}

TEST(gate, a_tenure_goes_back_after_a_while) {
  a_turn_and_a_waiter t;
  EXPECT_FALSE(t.it.on_turn_ended(t0 + 10ms, true).passes) << "others may wait in the store";
  a_turn_and_a_waiter sooner;
  EXPECT_TRUE(sooner.it.on_turn_ended(t0 + 10ms - 1ns, true).passes);
}

TEST(gate, passes_a_lease_only_to_whom_it_suits) {
  a_turn_and_a_waiter longer{10, {.ttl = 31s}};
  EXPECT_FALSE(longer.it.on_turn_ended(t0 + 1ms, true).passes);
  a_turn_and_a_waiter manual{10, {.ttl = 30s, .renews = false}};
  EXPECT_FALSE(manual.it.on_turn_ended(t0 + 1ms, true).passes);
  a_turn_and_a_waiter unrenewed{10, usual, false};
  EXPECT_FALSE(unrenewed.it.on_turn_ended(t0 + 1ms, true).passes);
  a_turn_and_a_waiter refreshed;
  refreshed.it.on_refreshed(29s);
  EXPECT_FALSE(refreshed.it.on_turn_ended(t0 + 1ms, true).passes);
}

TEST(gate, who_was_passed_the_turn_cannot_leave_any_more) {
  a_turn_and_a_waiter t;
  ASSERT_TRUE(t.it.on_turn_ended(t0 + 1ms, true).passes);
  EXPECT_EQ(t.it.leave(t.b), effect::none);
  EXPECT_EQ(t.it.role_of(t.b), role::turn);
}

}  // namespace holdfast::core
