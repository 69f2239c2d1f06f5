// Renewal, jeopardy and loss, under a clock that the test moves.
#include "holdfast/holdfast.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <thread>

#include "support/eventually.hpp"
#include "support/recorder.hpp"

namespace {

using namespace std::chrono_literals;
using holdfast::client;
using holdfast::errc;
using holdfast::event_kind;
using holdfast::mutex;
using holdfast::test::eventually;
using holdfast::test::recorder;

struct loss : testing::Test {
  static std::string fresh_place() {
    static std::atomic<int> last{0};
    return "memory:loss-test-" + std::to_string(++last);
  }
  std::shared_ptr<holdfast::manual_clock> time = std::make_shared<holdfast::manual_clock>();
  std::shared_ptr<recorder> heard = std::make_shared<recorder>();
  std::string place = fresh_place();
  client c{place, {.observer = heard, .clock = time}};
};

TEST_F(loss, a_lease_without_renewal_ends_at_its_deadline) {
  mutex m{c, "k", {.ttl = 10s, .renew = false}};
  m.lock();
  const auto lease = m.lease();
  const auto lost = lease.lost();
  time->advance(9800ms);
  EXPECT_TRUE(lease.held());
  time->advance(100ms);
  EXPECT_FALSE(lease.held()) << "a hundredth and 2 ms before the store may free it";
  eventually([&] { return lost.stop_requested(); });
  EXPECT_TRUE(m.release() == errc::not_held);
  EXPECT_EQ(heard->count(event_kind::lost), 1);
}

TEST_F(loss, lost_asked_for_after_the_loss_is_stopped_already) {
  mutex m{c, "k", {.ttl = 1s, .renew = false}};
  m.lock();
  const auto lease = m.lease();
  time->advance(2s);
  eventually([&] { return heard->count(event_kind::lost) == 1; });
  EXPECT_TRUE(lease.lost().stop_requested());
}

TEST_F(loss, renewal_keeps_it_for_as_long_as_it_is_wanted) {
  mutex m{c, "k", {.ttl = 9s}};
  m.lock();
  const auto lease = m.lease();
  for (int i = 0; i < 20; ++i) {
    const auto before = lease.deadline();
    time->advance(3100ms);
    eventually([&] { return lease.deadline() > before; });
  }
  EXPECT_TRUE(lease.held());
  EXPECT_TRUE(m.release().ok());
  EXPECT_FALSE(lease.lost().stop_requested());
  EXPECT_EQ(heard->count(event_kind::lost), 0);
}

TEST_F(loss, a_broken_lease_is_told_at_the_next_renewal) {
  client operators{place, {.clock = time}};
  mutex m{c, "k", {.ttl = 9s}};
  m.lock();
  const auto lease = m.lease();
  const auto lost = lease.lost();
  EXPECT_TRUE(operators.break_lease("k", holdfast::fencing_token{lease.token().value() + 1}) == errc::not_held);
  ASSERT_TRUE(operators.break_lease("k", lease.token()).ok());
  time->advance(3100ms);
  eventually([&] { return lost.stop_requested(); });
  EXPECT_FALSE(lease.held());
  EXPECT_TRUE(m.release() == errc::not_held);
}

TEST_F(loss, a_lost_mutex_stays_locked_until_its_unlock) {
  mutex m{c, "k", {.ttl = 1s, .renew = false}};
  m.lock();
  time->advance(2s);
  EXPECT_FALSE(m.try_lock());
  m.unlock();
  EXPECT_TRUE(m.try_lock());
}

TEST_F(loss, another_client_gets_what_was_lost) {
  client other{place, {.clock = time}};
  mutex m{c, "k", {.ttl = 1s, .renew = false}};
  mutex theirs{other, "k", {.ttl = 1s, .renew = false}};
  m.lock();
  const auto token = m.lease().token();
  time->advance(2s);
  ASSERT_TRUE(theirs.try_lock());
  EXPECT_GT(theirs.lease().token(), token);
  m.unlock();
  EXPECT_TRUE(theirs.lease().held()) << "a late unlock frees nobody else's lock";
  EXPECT_TRUE(theirs.release().ok());
}

TEST_F(loss, refresh_moves_the_deadline_both_ways) {
  mutex m{c, "k", {.ttl = 10s, .renew = false}};
  EXPECT_TRUE(m.refresh(10s) == errc::not_held);
  m.lock();
  const auto lease = m.lease();
  const auto first = lease.deadline();
  ASSERT_TRUE(m.refresh(20s).ok());
  EXPECT_GT(lease.deadline(), first);
  ASSERT_TRUE(m.refresh(5s).ok());
  EXPECT_LT(lease.deadline(), first);
  EXPECT_TRUE(m.refresh(0s) == errc::invalid_argument);
  const auto lost = lease.lost();
  time->advance(5s);
  eventually([&] { return lost.stop_requested(); });
  EXPECT_TRUE(m.refresh(5s) == errc::not_held);
}

TEST_F(loss, close_releases_tells_and_ends_waits) {
  client other{place, {.clock = time}};
  mutex theirs{other, "theirs"};
  theirs.lock();
  mutex mine{c, "mine"};
  mine.lock();
  const auto lease = mine.lease();
  const auto lost = lease.lost();
  std::thread waiter{[&] {
    mutex wanted{c, "theirs"};
    EXPECT_TRUE(wanted.acquire() == errc::closed);
  }};
  holdfast::resource_view view;
  eventually([&] { return other.inspect("theirs", view).ok() && view.waiters.size() == 1; });
  EXPECT_TRUE(c.close(5s).ok());
  waiter.join();
  eventually([&] { return lost.stop_requested(); });
  EXPECT_FALSE(lease.held());
  EXPECT_TRUE(mine.acquire() == errc::closed);
  EXPECT_TRUE(mine.release() == errc::closed);
  ASSERT_TRUE(other.inspect("mine", view).ok());
  EXPECT_TRUE(view.holders.empty());
  ASSERT_TRUE(other.inspect("theirs", view).ok());
  EXPECT_TRUE(view.waiters.empty());
}

TEST_F(loss, is_told_once_whoever_notices_it_first) {
  // The keeper, due to renew, and the watchdog both wake up after the deadline.
  for (int i = 1; i <= 50; ++i) {
    mutex m{c, "k", {.ttl = 10s}};
    m.lock();
    const auto lost = m.lease().lost();
    time->advance(20s);
    eventually([&] { return lost.stop_requested(); });
    EXPECT_TRUE(m.release() == errc::not_held);
    eventually([&] { return heard->count(event_kind::lost) == i; });
  }
}

TEST_F(loss, callbacks_of_lost_may_use_the_library) {
  mutex m{c, "k", {.ttl = 1s, .renew = false}};
  m.lock();
  std::atomic<bool> ran{false};
  const std::stop_callback on_loss{m.lease().lost(), [&] {
                                     m.unlock();
                                     ran = true;
                                   }};
  time->advance(2s);
  eventually([&] { return ran.load(); });
  EXPECT_TRUE(m.try_lock());
}

}  // namespace
