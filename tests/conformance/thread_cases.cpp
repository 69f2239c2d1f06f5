#include <atomic>
#include <mutex>
#include <string>
#include <thread>

#include "conformance/suite.hpp"

namespace holdfast::conformance {

TEST_F(conformance, many_threads_exclude_one_another) {
  constexpr int threads = 8;
  constexpr int turns = 25;
  const auto third = open();
  const std::vector<core::store*> clients{a_.get(), b_.get(), third.get()};
  // Plain on purpose: the lock alone protects them.
  long count = 0;
  std::uint64_t last_token = 0;
  std::atomic<int> inside{0};
  std::atomic<bool> wrong{false};
  std::mutex mutex;
  std::string first_wrong;
  const auto complain = [&](const std::string& what) {
    const std::lock_guard lock{mutex};
    if (!wrong.exchange(true)) first_wrong = what;
  };

  const auto turn = [&](core::store& at) {
    const auto what = ask("r");
    auto answer = at.acquire(what, true, by());
    while (answer.is == outcome::queued || answer.is == outcome::gone) {
      std::this_thread::sleep_for(2ms);  // A claim is a sign of life too.
      answer = answer.is == outcome::gone ? at.acquire(what, true, by()) : at.claim(what, by());
    }
    if (answer.is != outcome::granted) return complain("not granted: " + answer.why.message());
    if (inside.fetch_add(1) != 0) complain("two inside");
    if (answer.token <= last_token)
      complain("token " + std::to_string(answer.token) + " after " + std::to_string(last_token));
    last_token = answer.token;
    ++count;
    inside.fetch_sub(1);
    const auto end = at.release(lease(what, answer.token), by());
    if (end.is != release_outcome::released) complain("not released: " + end.why.message());
  };

  std::vector<std::thread> running;
  for (std::size_t i = 0; i < threads; ++i)
    running.emplace_back([&, i] {
      for (int j = 0; j < turns && !wrong; ++j) turn(*clients[i % clients.size()]);
    });
  for (auto& each : running) each.join();
  EXPECT_FALSE(wrong) << first_wrong;
  EXPECT_EQ(count, threads * turns);
  EXPECT_FALSE(occupied(*a_, "r"));
}

TEST_F(conformance, many_threads_on_many_resources_of_one_client) {
  constexpr int threads = 8;
  std::atomic<int> failures{0};
  std::vector<std::thread> running;
  for (int i = 0; i < threads; ++i)
    running.emplace_back([&, i] {
      for (int j = 0; j < 20; ++j) {
        const auto what = ask("r" + std::to_string(i));
        const auto answer = a_->acquire(what, true, by());
        const core::lease_ref which = lease(what, answer.token);
        auto verdict = core::renew_verdict::unknown;
        if (answer.is != outcome::granted) ++failures;
        if (!a_->renew({&which, 1}, {&verdict, 1}, by()).why.ok() || verdict != core::renew_verdict::renewed)
          ++failures;
        resource_view view;
        if (!a_->inspect(what.resource, view, by()).ok() || view.holders.size() != 1) ++failures;
        if (a_->release(which, by()).is != release_outcome::released) ++failures;
      }
    });
  for (auto& each : running) each.join();
  EXPECT_EQ(failures, 0);
}

TEST_F(conformance, of_many_that_try_at_once_one_gets_it) {
  for (int round = 0; round < 5; ++round) {
    std::atomic<int> granted{0};
    std::atomic<int> others{0};
    std::vector<std::thread> running;
    for (int i = 0; i < 8; ++i)
      running.emplace_back([&, i] {
        auto& at = i % 2 ? *a_ : *b_;
        const auto answer = at.acquire(ask("r" + std::to_string(round)), false, by());
        if (answer.is == outcome::granted)
          ++granted;
        else if (answer.is != outcome::busy)
          ++others;
      });
    for (auto& each : running) each.join();
    EXPECT_EQ(granted, 1);
    EXPECT_EQ(others, 0);
  }
}

}  // namespace holdfast::conformance
