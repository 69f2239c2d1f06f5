// The reentrant lock: bound to a thread, one lease however deep.
#include "holdfast/recursive_mutex.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "holdfast/mutex.hpp"

namespace {

using namespace std::chrono_literals;
using holdfast::client;
using holdfast::errc;
using holdfast::recursive_mutex;

TEST(recursive_mutex, is_locked_again_by_its_thread_under_one_lease) {
  client c{"memory:"};
  recursive_mutex m{c, "k"};
  const std::unique_lock outer{m};
  const auto token = m.lease().token();
  {
    const std::unique_lock inner{m};
    EXPECT_TRUE(m.try_lock());
    m.unlock();
    EXPECT_EQ(m.lease().token(), token);
  }
  EXPECT_TRUE(m.lease().held());
}

TEST(recursive_mutex, goes_back_with_the_last_unlock) {
  client c{"memory:recursive-last"};
  client other{"memory:recursive-last"};
  recursive_mutex m{c, "k"};
  holdfast::mutex contender{other, "k"};
  m.lock();
  m.lock();
  EXPECT_TRUE(m.release().ok());
  EXPECT_FALSE(contender.try_lock());
  EXPECT_TRUE(m.release().ok());
  EXPECT_TRUE(contender.try_lock());
  EXPECT_TRUE(m.release() == errc::not_held);
}

TEST(recursive_mutex, is_another_threads_only_when_free) {
  client c{"memory:"};
  recursive_mutex m{c, "k"};
  m.lock();
  std::thread{[&] {
    EXPECT_FALSE(m.try_lock());
    EXPECT_FALSE(m.try_lock_for(5ms));
    EXPECT_TRUE(m.release() == errc::not_held);
    EXPECT_TRUE(m.refresh(10s) == errc::not_held);
  }}.join();
  EXPECT_TRUE(m.lease().held());
  m.unlock();
  std::thread{[&] {
    EXPECT_TRUE(m.try_lock());
    m.unlock();
  }}.join();
}

TEST(recursive_mutex, does_not_pretend_once_its_lease_is_lost) {
  const auto clock = std::make_shared<holdfast::manual_clock>();
  client c{"memory:", {.clock = clock}};
  recursive_mutex m{c, "k", {.ttl = 1s, .renew = false}};
  m.lock();
  clock->advance(2s);
  EXPECT_TRUE(m.acquire() == errc::not_held);
  EXPECT_THROW(m.lock(), holdfast::error);
  EXPECT_TRUE(m.release() == errc::not_held);
  EXPECT_TRUE(m.acquire().ok());
  m.unlock();
}

TEST(recursive_mutex, ends_with_its_object_however_deep) {
  client c{"memory:recursive-end"};
  {
    recursive_mutex m{c, "k"};
    m.lock();
    m.lock();
  }
  holdfast::mutex next{c, "k"};
  EXPECT_TRUE(next.try_lock());
}

TEST(recursive_mutex, of_a_closed_client_says_so) {
  client c{"memory:"};
  recursive_mutex m{c, "k"};
  m.lock();
  EXPECT_TRUE(c.close(1s).ok());
  EXPECT_TRUE(m.acquire() == errc::closed);
  EXPECT_TRUE(m.release() == errc::closed);
}

TEST(recursive_mutex, counts_for_many_threads) {
  client c{"memory:"};
  recursive_mutex m{c, "k"};
  int count = 0;
  std::vector<std::thread> all;
  for (int i = 0; i < 8; ++i)
    all.emplace_back([&] {
      for (int n = 0; n < 200; ++n) {
        const std::scoped_lock outer{m};
        const std::scoped_lock inner{m};
        ++count;
      }
    });
  for (auto& each : all) each.join();
  EXPECT_EQ(count, 1600);
}

}  // namespace
