#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "store/memory/model.hpp"

namespace holdfast::memory {

namespace {

using namespace std::chrono_literals;
using outcome = core::turn_answer::outcome;
using released = core::release_answer::outcome;

class memory_model : public testing::Test {
 protected:
  static core::request ask(std::string resource = "r", duration ttl = 10s) {
    core::request made;
    made.resource = std::move(resource);
    made.owner = core::owner_id{++last_owner_, 1};
    made.ttl = ttl;
    return made;
  }
  core::turn_answer acquire(const core::request& what, bool wait = true) { return it.acquire(what, wait, 7, now); }
  released release(const core::request& what, std::uint64_t token) {
    return it.release({what.resource, what.owner, what.ttl, token}, now).is;
  }
  core::wait_verdict heartbeat(const core::request& what) {
    const core::waiter_ref who{what.resource, what.owner};
    auto verdict = core::wait_verdict::unknown;
    it.heartbeat({&who, 1}, {&verdict, 1}, now);
    return verdict;
  }

  inline static std::uint64_t last_owner_ = 0;
  time_point now{1h};
  model it{now, 1'000'000};
};

}  // namespace

TEST_F(memory_model, first_token_is_the_clocks) {
  now += 5ms;
  EXPECT_EQ(acquire(ask()).token, 1'005'000U);
}

TEST_F(memory_model, tokens_rise_on_a_clock_that_stands_still) {
  auto what = ask();
  EXPECT_EQ(acquire(what).token, 1'000'000U);
  release(what, 1'000'000);
  what = ask();
  EXPECT_EQ(acquire(what).token, 1'000'001U);
  EXPECT_EQ(it.highest_token(), 1'000'001U);
}

TEST_F(memory_model, a_lease_ends_at_its_instant) {
  const auto what = ask();
  acquire(what);
  now += 10s - 1ns;
  EXPECT_EQ(acquire(ask(), false).is, outcome::busy);
  now += 1ns;
  EXPECT_EQ(acquire(ask(), false).is, outcome::granted);
}

TEST_F(memory_model, a_late_copy_of_the_acquire_does_not_shorten_a_refreshed_lease) {
  const auto what = ask("r", 1s);
  acquire(what);
  EXPECT_EQ(it.renew({what.resource, what.owner, 10s, 0}, now), core::renew_verdict::renewed);
  acquire(what);
  now += 9s;
  EXPECT_EQ(acquire(ask(), false).is, outcome::busy);
}

TEST_F(memory_model, a_renewal_counts_from_its_arrival) {
  const auto what = ask();
  acquire(what);
  now += 9s;
  EXPECT_EQ(it.renew({what.resource, what.owner, 10s, 0}, now), core::renew_verdict::renewed);
  now += 10s - 1ns;
  EXPECT_EQ(acquire(ask(), false).is, outcome::busy);
  now += 1ns;
  EXPECT_EQ(it.renew({what.resource, what.owner, 10s, 0}, now), core::renew_verdict::lost);
}

TEST_F(memory_model, hints_name_owner_and_session) {
  const auto holder = ask();
  const auto next = ask();
  const auto token = acquire(holder).token;
  acquire(next);
  EXPECT_TRUE(it.take_hints().empty());
  release(holder, token);
  const auto hints = it.take_hints();
  ASSERT_EQ(hints.size(), 1U);
  EXPECT_EQ(hints[0].session, 7U);
  EXPECT_EQ(hints[0].owner, next.owner);
  EXPECT_TRUE(it.take_hints().empty());
}

TEST_F(memory_model, look_again_is_when_the_holder_expires) {
  acquire(ask());
  now += 4s;
  EXPECT_EQ(acquire(ask()).look_again, 6s);
  EXPECT_EQ(acquire(ask()).look_again, 6s + 100ms);
}

TEST_F(memory_model, dead_waiters_cost_one_window) {
  const auto holder = ask();
  const auto token = acquire(holder).token;
  for (int i = 0; i < 100; ++i) acquire(ask());
  const auto live = ask();
  acquire(live);
  release(holder, token);
  const auto start = now;
  while (heartbeat(live) != core::wait_verdict::your_turn) now += 100ms;
  EXPECT_EQ(now - start, it.pace().claim_window);
}

TEST_F(memory_model, a_stale_waiter_that_comes_back_has_its_place) {
  const auto holder = ask("r", 1min);
  const auto token = acquire(holder).token;
  const auto paused = ask();
  const auto behind = ask();
  acquire(paused);
  now += 10s;
  EXPECT_EQ(acquire(behind).position, 0U);  // The stale one does not count...
  EXPECT_EQ(heartbeat(paused), core::wait_verdict::waiting);
  EXPECT_EQ(it.claim(behind, now).position, 1U);  // ...until it stirs.
  release(holder, token);
  EXPECT_EQ(heartbeat(paused), core::wait_verdict::your_turn);
}

TEST_F(memory_model, a_waiter_long_silent_is_forgotten) {
  acquire(ask("r", 10min));
  const auto silent = ask();
  acquire(silent);
  now += it.pace().forget_after;
  acquire(ask(), false);  // Forgotten when somebody else looks.
  EXPECT_EQ(it.claim(silent, now).is, outcome::gone);
}

TEST_F(memory_model, a_copy_is_a_snapshot) {
  const auto what = ask();
  acquire(what);
  model before = it;
  release(what, 0);
  EXPECT_EQ(before.inspect("r", now).holders.size(), 1U);
  EXPECT_TRUE(it.inspect("r", now).holders.empty());
}

/// Whatever happens, in whatever order: one holder, rising tokens, nobody passed over.
TEST_F(memory_model, random_schedules_keep_the_promises) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(seed);
    model m{now, 1};
    auto t = now;
    std::uint64_t state = seed * 0x9e3779b97f4a7c15ULL;
    const auto dice = [&](std::uint64_t sides) {
      state ^= state << 13;
      state ^= state >> 7;
      state ^= state << 17;
      return state % sides;
    };
    std::vector<core::request> askers;
    for (int i = 0; i < 6; ++i) askers.push_back(ask("r", 1s));
    std::map<core::owner_id, time_point> valid_until;
    std::map<core::owner_id, std::uint64_t> token_of;
    std::uint64_t highest = 0;
    for (int step = 0; step < 200; ++step) {
      auto& who = askers[dice(askers.size())];
      const core::lease_ref lease{who.resource, who.owner, who.ttl, token_of[who.owner]};
      const auto took = [&](const core::turn_answer& answer) {
        if (answer.is != outcome::granted) return;
        for (const auto& [owner, until] : valid_until) ASSERT_TRUE(owner == who.owner || until <= t);
        if (answer.token != token_of[who.owner])
          ASSERT_GT(answer.token, highest);
        else
          ASSERT_EQ(answer.token, highest);
        highest = answer.token;
        token_of[who.owner] = answer.token;
        valid_until[who.owner] = t + who.ttl;
      };
      switch (dice(7)) {
        case 0:
          took(m.acquire(who, dice(4) != 0, 1, t));
          break;
        case 1:
          took(m.claim(who, t));
          break;
        case 2:
          if (m.renew(lease, t) == core::renew_verdict::renewed) valid_until[who.owner] = t + who.ttl;
          break;
        case 3:
          m.release(lease, t);
          valid_until.erase(who.owner);
          who = ask("r", 1s);
          break;
        case 4:
          m.withdraw({who.resource, who.owner}, t);
          valid_until.erase(who.owner);
          who = ask("r", 1s);
          break;
        case 5: {
          const core::waiter_ref ref{who.resource, who.owner};
          auto verdict = core::wait_verdict::unknown;
          m.heartbeat({&ref, 1}, {&verdict, 1}, t);
          break;
        }
        default:
          t += std::chrono::milliseconds{dice(10) == 0 ? dice(5000) : dice(200)};
      }
      if (HasFatalFailure()) return;
    }
  }
}

}  // namespace holdfast::memory
