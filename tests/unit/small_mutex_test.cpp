#include "core/small_mutex.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

namespace holdfast::core {
namespace {

TEST(small_mutex, keeps_threads_apart) {
  constexpr int threads = 8;
  constexpr int turns = 5'000;
  small_mutex mutex;
  int count = 0;  // Not atomic: the mutex is what keeps it whole.
  std::vector<std::thread> all;
  for (int i = 0; i < threads; ++i)
    all.emplace_back([&] {
      for (int n = 0; n < turns; ++n) {
        const std::lock_guard lock{mutex};
        ++count;
        if (n % 64 == 0) std::this_thread::yield();  // So that others have to sleep.
      }
    });
  for (auto& each : all) each.join();
  EXPECT_EQ(count, threads * turns);
}

TEST(small_mutex, wakes_everyone_who_waits) {
  small_mutex mutex;
  std::atomic<int> about_to{0};
  std::atomic<int> through{0};
  mutex.lock();
  std::vector<std::thread> all;
  for (int i = 0; i < 4; ++i)
    all.emplace_back([&] {
      ++about_to;
      const std::lock_guard lock{mutex};
      ++through;
    });
  while (about_to < 4) std::this_thread::yield();
  EXPECT_EQ(through, 0);
  mutex.unlock();
  for (auto& each : all) each.join();
  EXPECT_EQ(through, 4);
}

TEST(small_mutex, is_small) { EXPECT_EQ(sizeof(small_mutex), 4U); }

}  // namespace
}  // namespace holdfast::core
