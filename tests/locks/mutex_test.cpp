// The public interface over the store memory:, threads of one client and of several.
#include "holdfast/holdfast.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "support/eventually.hpp"
#include "support/recorder.hpp"

namespace {

using namespace std::chrono_literals;
using holdfast::client;
using holdfast::errc;
using holdfast::mutex;
using holdfast::test::eventually;

std::string fresh_place() {
  static std::atomic<int> last{0};
  return "memory:mutex-test-" + std::to_string(++last);
}

TEST(mutex, locks_and_unlocks) {
  client c{"memory:"};
  mutex m{c, "stock/42"};
  EXPECT_FALSE(m.lease().held());
  m.lock();
  EXPECT_TRUE(m.lease().held());
  EXPECT_GT(m.lease().token().value(), 0U);
  m.unlock();
  EXPECT_FALSE(m.lease().held());
  EXPECT_EQ(m.lease().token().value(), 0U);
}

TEST(mutex, works_with_the_standards_locks) {
  client c{"memory:"};
  mutex a{c, "a"};
  mutex b{c, "b"};
  {
    const std::unique_lock lock{a};
    EXPECT_TRUE(lock.owns_lock());
  }
  const std::unique_lock tried{a, std::try_to_lock};
  EXPECT_TRUE(tried.owns_lock());
  std::unique_lock timed{b, 1s};
  EXPECT_TRUE(timed.owns_lock());
}

TEST(mutex, two_at_once_in_opposite_orders_do_not_deadlock) {
  client one{"memory:deadlock"};
  client other{"memory:deadlock"};
  int count = 0;
  const auto work = [&count](client& c, bool turned) {
    mutex a{c, "a"};
    mutex b{c, "b"};
    for (int i = 0; i < 100; ++i) {
      if (turned) {
        const std::scoped_lock both{b, a};
        ++count;
      } else {
        const std::scoped_lock both{a, b};
        ++count;
      }
    }
  };
  std::thread second{[&] { work(other, true); }};
  work(one, false);
  second.join();
  EXPECT_EQ(count, 200);
}

TEST(mutex, try_lock_is_false_when_busy_and_never_queues) {
  const auto place = fresh_place();
  client one{place};
  client other{place};
  mutex held{one, "k"};
  mutex wanted{other, "k"};
  mutex same_client{one, "k"};
  held.lock();
  EXPECT_FALSE(wanted.try_lock());
  EXPECT_FALSE(same_client.try_lock());
  EXPECT_FALSE(held.try_lock());
  holdfast::resource_view view;
  ASSERT_TRUE(one.inspect("k", view).ok());
  EXPECT_TRUE(view.waiters.empty());
  held.unlock();
  EXPECT_TRUE(wanted.try_lock());
  wanted.unlock();
}

TEST(mutex, a_wait_times_out_and_leaves_the_queue) {
  const auto place = fresh_place();
  client one{place};
  client other{place};
  mutex held{one, "k"};
  mutex wanted{other, "k"};
  held.lock();
  EXPECT_FALSE(wanted.try_lock_for(50ms));
  EXPECT_FALSE(wanted.try_lock_until(std::chrono::steady_clock::now() + 20ms));
  EXPECT_FALSE(wanted.try_lock_for(-1s));
  EXPECT_TRUE(wanted.acquire({.timeout = 20ms}) == errc::timed_out);
  holdfast::resource_view view;
  ASSERT_TRUE(one.inspect("k", view).ok());
  EXPECT_TRUE(view.waiters.empty());
  held.unlock();
  EXPECT_TRUE(wanted.try_lock_for(std::chrono::hours::max()));
  wanted.unlock();
}

TEST(mutex, a_stop_token_ends_the_wait) {
  const auto place = fresh_place();
  client one{place};
  client other{place};
  mutex held{one, "k"};
  mutex wanted{other, "k"};
  held.lock();
  std::stop_source stop;
  std::thread stopper{[&] {
    holdfast::resource_view view;
    eventually([&] { return one.inspect("k", view).ok() && view.waiters.size() == 1; });
    stop.request_stop();
  }};
  EXPECT_TRUE(wanted.acquire({.stop = stop.get_token()}) == errc::cancelled);
  stopper.join();
  EXPECT_TRUE(wanted.acquire({.stop = stop.get_token()}) == errc::cancelled) << "stopped before it begins";
  holdfast::resource_view view;
  ASSERT_TRUE(one.inspect("k", view).ok());
  EXPECT_TRUE(view.waiters.empty());
}

TEST(mutex, a_release_hands_over_to_the_waiter_of_another_client) {
  const auto place = fresh_place();
  client one{place};
  client other{place};
  mutex held{one, "k"};
  held.lock();
  const auto first = held.lease().token();
  std::thread waiter{[&] {
    mutex wanted{other, "k"};
    wanted.lock();
    EXPECT_GT(wanted.lease().token(), first);
    EXPECT_TRUE(wanted.lease().held());
  }};
  holdfast::resource_view view;
  eventually([&] { return one.inspect("k", view).ok() && view.waiters.size() == 1; });
  held.unlock();
  waiter.join();
}

TEST(mutex, may_be_unlocked_by_another_thread) {
  client c{"memory:"};
  mutex m{c, "k"};
  m.lock();
  std::thread{[&] { m.unlock(); }}.join();
  EXPECT_TRUE(m.try_lock());
}

TEST(mutex, release_tells_whether_it_was_held) {
  client c{"memory:"};
  mutex m{c, "k"};
  EXPECT_TRUE(m.release() == errc::not_held);
  m.lock();
  EXPECT_TRUE(m.release().ok());
  EXPECT_TRUE(m.release() == errc::not_held);
}

TEST(mutex, threads_of_one_client_exclude_each_other_with_rising_tokens) {
  const auto place = fresh_place();
  client mine{place};
  client others{place};
  int count = 0;
  std::uint64_t last = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      mutex m{t % 4 == 0 ? others : mine, "k"};
      for (int i = 0; i < 200; ++i) {
        const std::lock_guard lock{m};
        ++count;
        const auto token = m.lease().token().value();
        EXPECT_GT(token, last);
        last = token;
      }
    });
  for (auto& each : threads) each.join();
  EXPECT_EQ(count, 1600);
}

TEST(mutex, threads_may_share_one_object) {
  client c{fresh_place()};
  mutex m{c, "k"};
  int count = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) {
        const std::lock_guard lock{m};
        ++count;
      }
    });
  for (auto& each : threads) each.join();
  EXPECT_EQ(count, 2000);
}

TEST(mutex, local_waiters_that_give_up_do_not_disturb_the_rest) {
  const auto place = fresh_place();
  client one{place};
  client other{place};
  mutex held{one, "k"};
  held.lock();
  std::atomic<int> timed_out{0};
  std::atomic<int> got{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 6; ++t)
    threads.emplace_back([&, t] {
      mutex m{other, "k", {.ttl = t % 2 == 0 ? 10s : 20s}};
      const auto result = m.acquire(t < 3 ? holdfast::wait_options{.timeout = 30ms} : holdfast::wait_options{});
      if (result.ok())
        ++got;
      else
        ++timed_out;
    });
  eventually([&] { return timed_out == 3; });
  held.unlock();
  for (auto& each : threads) each.join();
  EXPECT_EQ(got, 3);
  holdfast::resource_view view;
  ASSERT_TRUE(one.inspect("k", view).ok());
  EXPECT_TRUE(view.waiters.empty() && view.holders.empty());
}

TEST(mutex, refuses_what_no_store_could_take) {
  client c{"memory:"};
  const auto code_of = [&](std::string_view name, holdfast::lock_options options) {
    try {
      const mutex m{c, name, options};
      return std::error_code{};
    } catch (const holdfast::error& e) {
      EXPECT_STRNE(e.what(), "");
      return e.code();
    }
  };
  EXPECT_EQ(code_of("", {}), errc::invalid_argument);
  EXPECT_EQ(code_of(std::string(256, 'x'), {}), errc::invalid_argument);
  EXPECT_EQ(code_of(std::string_view{"a\0b", 3}, {}), errc::invalid_argument);
  EXPECT_EQ(code_of("k", {.ttl = 0s}), errc::invalid_argument);
  EXPECT_EQ(code_of("k", {.ttl = std::chrono::hours{24 * 366}}), errc::invalid_argument);
  EXPECT_EQ(code_of(std::string(255, '\xff'), {}), std::error_code{});
}

TEST(mutex, outlives_its_client_object) {
  auto c = std::make_unique<client>(fresh_place());
  mutex m{*c, "k"};
  m.lock();
  c.reset();
  EXPECT_TRUE(m.lease().held());
  m.unlock();
  EXPECT_TRUE(m.try_lock());
}

}  // namespace
