#include "holdfast/held_lock.hpp"

#include <gtest/gtest.h>

#include <utility>

#include "holdfast/holdfast.hpp"
#include "support/recorder.hpp"

namespace {

using namespace std::chrono_literals;
using holdfast::client;
using holdfast::errc;
using holdfast::held_lock;

TEST(held_lock, holds_until_it_is_destroyed) {
  client c{"memory:"};
  holdfast::resource_view view;
  {
    const held_lock lock = c.acquire("k", {.note = "nightly"});
    EXPECT_TRUE(lock.owns_lock());
    EXPECT_TRUE(lock.lease().held());
    EXPECT_EQ(lock.name(), "k");
    ASSERT_TRUE(c.inspect("k", view).ok());
    ASSERT_EQ(view.holders.size(), 1U);
    EXPECT_EQ(view.holders[0].who.owner, lock.lease().owner());
    EXPECT_EQ(view.holders[0].who.note, "nightly");
    EXPECT_EQ(view.holders[0].token, lock.lease().token());
  }
  ASSERT_TRUE(c.inspect("k", view).ok());
  EXPECT_TRUE(view.holders.empty());
}

TEST(held_lock, moves) {
  client c{"memory:"};
  held_lock a = c.acquire("a");
  held_lock b = std::move(a);
  EXPECT_FALSE(a.owns_lock());  // NOLINT(bugprone-use-after-move): a moved-from lock holds nothing
  EXPECT_TRUE(b.owns_lock());
  b = c.acquire("b");
  held_lock again;
  EXPECT_TRUE(c.acquire(again, "a", {}, {.timeout = 0s}).ok()) << "the assignment released what was held before";
}

TEST(held_lock, releases_and_refreshes_by_hand) {
  client c{"memory:"};
  held_lock lock = c.acquire("k");
  EXPECT_TRUE(lock.refresh(60s).ok());
  EXPECT_TRUE(lock.release().ok());
  EXPECT_FALSE(lock.owns_lock());
  EXPECT_TRUE(lock.release() == errc::not_held);
  EXPECT_TRUE(lock.refresh(60s) == errc::not_held);
}

TEST(held_lock, failures_are_told_both_ways) {
  client c{"memory:"};
  const held_lock first = c.acquire("k");
  held_lock other;
  EXPECT_TRUE(c.acquire(other, "k", {}, {.timeout = 0s}) == errc::busy);
  EXPECT_TRUE(c.acquire(other, "", {}) == errc::invalid_argument);
  EXPECT_TRUE(c.acquire(other, "k", {.ttl = 1ms}) == errc::invalid_argument);
  EXPECT_FALSE(other.owns_lock());
  EXPECT_THROW(static_cast<void>(c.acquire("k", {}, {.timeout = 0s})), holdfast::error);
}

TEST(held_lock, an_empty_lease_is_never_held) {
  const held_lock none;
  EXPECT_FALSE(none.owns_lock());
  EXPECT_FALSE(none.lease().held());
  EXPECT_FALSE(none.lease().lost().stop_possible());
  EXPECT_EQ(none.lease().owner(), "");
}

}  // namespace
