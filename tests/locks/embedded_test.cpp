// The public interface over the embedded store: several clients on one file.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "holdfast/holdfast.hpp"
#include "support/eventually.hpp"

namespace {

using namespace std::chrono_literals;
using holdfast::client;
using holdfast::errc;
using holdfast::mutex;
using holdfast::test::eventually;

class embedded : public testing::Test {
 protected:
  embedded() {
    std::string pattern = std::filesystem::temp_directory_path() / "holdfast-locks-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    url = "sqlite:" + (folder_ / "locks.db").string();
  }
  ~embedded() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  std::string url;

 private:
  std::filesystem::path folder_;
};

TEST_F(embedded, clients_exclude_each_other_in_order_with_rising_tokens) {
  int count = 0;
  std::uint64_t last = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 6; ++t)
    threads.emplace_back([&] {
      client mine{url};
      mutex m{mine, "k"};
      for (int i = 0; i < 100; ++i) {
        const std::lock_guard lock{m};
        ++count;
        const auto token = m.lease().token().value();
        EXPECT_GT(token, last);
        last = token;
      }
    });
  for (auto& each : threads) each.join();
  EXPECT_EQ(count, 600);
}

TEST_F(embedded, threads_of_one_client_pass_a_tenure_on) {
  client mine{url};
  client other{url};
  std::atomic<bool> stop{false};
  std::atomic<int> turns{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      mutex m{mine, "k"};
      while (!stop) {
        const std::lock_guard lock{m};
        ++turns;
      }
    });
  eventually([&] { return turns > 100; });
  // Another client's waiter gets its turn although the threads never stop asking.
  for (int i = 0; i < 20; ++i) {
    mutex m{other, "k"};
    EXPECT_TRUE(m.acquire({.timeout = 20s}).ok());
  }
  stop = true;
  for (auto& each : threads) each.join();
  holdfast::resource_view view;
  ASSERT_TRUE(mine.inspect("k", view).ok());
  EXPECT_TRUE(view.holders.empty() && view.waiters.empty());
}

TEST_F(embedded, waiters_are_served_in_the_order_in_which_they_came) {
  client first{url};
  auto held = first.acquire("k");
  std::mutex order_mutex;
  std::vector<int> order;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      client mine{url};
      const auto lock = mine.acquire("k");
      const std::lock_guard guard{order_mutex};
      order.push_back(t);
    });
    holdfast::resource_view view;
    eventually([&] { return first.inspect("k", view).ok() && view.waiters.size() == static_cast<std::size_t>(t) + 1; });
  }
  ASSERT_TRUE(held.release().ok());
  for (auto& each : threads) each.join();
  EXPECT_EQ(order, (std::vector{0, 1, 2, 3, 4, 5, 6, 7}));
}

TEST_F(embedded, renewal_outlasts_a_short_ttl) {
  client mine{url};
  client other{url};
  mutex m{mine, "k", {.ttl = 400ms}};
  m.lock();
  const auto lease = m.lease();
  const auto first = lease.deadline();
  eventually([&] { return lease.deadline() > first + 1s; });
  holdfast::held_lock wanted;
  EXPECT_TRUE(other.acquire(wanted, "k", {}, {.timeout = 0s}) == errc::busy);
  EXPECT_TRUE(m.release().ok());
}

TEST_F(embedded, a_lease_nobody_renews_passes_on_and_its_late_release_frees_nobody) {
  client mine{url};
  client other{url};
  mutex m{mine, "k", {.ttl = 200ms, .renew = false}};
  m.lock();
  const auto token = m.lease().token();
  const auto theirs = other.acquire("k", {}, {.timeout = 20s});
  EXPECT_GT(theirs.lease().token(), token);
  EXPECT_TRUE(m.release() == errc::not_held);
  EXPECT_TRUE(theirs.lease().held());
  holdfast::held_lock wanted;
  EXPECT_TRUE(mine.acquire(wanted, "k", {}, {.timeout = 0s}) == errc::busy);
}

TEST_F(embedded, a_missing_folder_is_told) {
  client c{"sqlite:/nonexistent-folder/locks.db"};
  const auto result = c.ping();
  EXPECT_TRUE(result == errc::misconfigured) << result.message();
  EXPECT_NE(result.message().find("/nonexistent-folder"), std::string::npos) << result.message();
  holdfast::held_lock lock;
  EXPECT_TRUE(c.acquire(lock, "k", {}) == errc::misconfigured);
}

}  // namespace
