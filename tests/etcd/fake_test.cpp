// The store over an etcd within the process: faults that a real one does not have at will.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>
#include <vector>

#include "etcd/fake_fixture.hpp"
#include "store/etcd/sessions.hpp"
#include "support/eventually.hpp"
#include "support/fake_etcd.hpp"
#include "support/scripted_etcd.hpp"

namespace holdfast::testing {
namespace {

TEST_F(fake_test, what_a_deposed_leader_renews_does_not_count) {
  const auto store = open();
  const auto what = ask("k");
  ASSERT_EQ(store->acquire(what, true, by()).is, outcome::granted);
  server_->depose(true);
  EXPECT_EQ(renew(*store, what), core::renew_verdict::unknown);
  server_->depose(false);
  const auto before = boot_clock::now();
  time_point sent;
  EXPECT_EQ(renew(*store, what, &sent), core::renew_verdict::renewed);
  EXPECT_GE(sent, before);
}

TEST_F(fake_test, an_election_costs_a_second_renewal_at_the_most) {
  const auto store = open();
  const auto what = ask("k");
  ASSERT_EQ(store->acquire(what, true, by()).is, outcome::granted);
  server_->elect();
  EXPECT_EQ(renew(*store, what), core::renew_verdict::renewed);
}

TEST_F(fake_test, a_grant_on_an_old_session_counts_from_a_proven_renewal) {
  const auto store = open();
  ASSERT_EQ(store->acquire(ask("first", 2s), true, by()).is, outcome::granted);
  std::this_thread::sleep_for(1200ms);
  server_->depose(true);
  const auto began = boot_clock::now();
  const auto answer = store->acquire(ask("second", 2s), true, by());
  EXPECT_TRUE(answer.is != outcome::granted || answer.sent < began);
}

/// What has run out etcd answers for only when it has deleted it: those behind it are not to wait for that.
TEST_F(fake_test, what_may_have_run_out_is_asked_for_apart_from_the_others) {
  const auto script = std::make_shared<etcd_script>();
  int over_the_stream = 0;
  int apart = 0;
  script->before_keep_alive = [&] { ++over_the_stream; };
  script->before_keep_alive_apart = [&] { ++apart; };
  scripted_etcd with{server_->connect(), script};
  etcd::sessions all{with};
  const auto waiting = all.for_waiting(by());
  EXPECT_TRUE(all.renew(*waiting, by()));
  EXPECT_EQ(over_the_stream, 1);
  EXPECT_EQ(apart, 0);
  // Nobody waited for a while.
  ASSERT_TRUE(test::eventually([&] { return waiting->overdue(boot_clock::now()); }));
  static_cast<void>(all.for_waiting(by()));
  EXPECT_EQ(over_the_stream, 1);
  EXPECT_EQ(apart, 1);
}

TEST_F(fake_test, a_stream_that_ends_tells_all_to_look_and_they_follow_anew) {
  const auto holds = open();
  const auto waits = open();
  std::atomic<int> hints{0};
  waits->on_turn([&](const core::owner_id&) { ++hints; });
  const auto holder = ask("k");
  const auto waiter = ask("k");
  const auto token = holds->acquire(holder, true, by()).token;
  ASSERT_EQ(waits->acquire(waiter, true, by()).is, outcome::queued);
  server_->cut_streams();
  while (hints == 0) std::this_thread::sleep_for(1ms);
  EXPECT_EQ(waits->claim(waiter, by()).is, outcome::queued);
  const int before = hints;
  EXPECT_EQ(holds->release({"k", holder.owner, 60s, token}, by()).is, core::release_answer::outcome::released);
  while (hints == before) std::this_thread::sleep_for(1ms);
  EXPECT_EQ(waits->claim(waiter, by()).is, outcome::granted);
}

TEST_F(fake_test, a_hand_off_costs_three_requests_and_one_look) {
  const auto holds = open();
  const auto waits = open();
  auto holder = ask("k");
  auto token = holds->acquire(holder, true, by()).token;
  const auto first = ask("k");
  ASSERT_EQ(waits->acquire(first, true, by()).is, outcome::queued);  // It makes the sessions.
  const auto before = server_->requests();
  const auto next = ask("k");
  ASSERT_EQ(waits->acquire(next, true, by()).is, outcome::queued);
  holds->release({"k", holder.owner, 60s, token}, by());
  core::turn_answer answer;
  do answer = waits->claim(first, by());
  while (answer.is == outcome::queued);
  EXPECT_EQ(answer.is, outcome::granted);
  EXPECT_LE(server_->requests() - before, 4 + 2);  // The claim may come before its event, and then looks.
}

TEST_F(fake_test, threads_hand_over_through_hints) {
  constexpr int clients = 4;
  constexpr int turns = 100;
  long count = 0;  // Plain on purpose: the lock alone protects it.
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < clients; ++i)
    threads.emplace_back([&] {
      std::mutex mutex;
      core::condition changed;
      bool hinted = false;
      const auto store = open();
      store->on_turn([&](const core::owner_id&) {
        const std::lock_guard lock{mutex};
        hinted = true;
        changed.notify_all();
      });
      for (int j = 0; j < turns; ++j) {
        const auto what = ask("k");
        auto answer = store->acquire(what, true, by());
        while (answer.is == outcome::queued) {
          {
            std::unique_lock lock{mutex};
            if (!hinted) changed.wait_for(lock, 5s);
            hinted = false;
          }
          answer = store->claim(what, by());
        }
        if (answer.is != outcome::granted) ++wrong;
        ++count;
        if (store->release({"k", what.owner, 60s, answer.token}, by()).is != core::release_answer::outcome::released)
          ++wrong;
      }
    });
  for (auto& each : threads) each.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(count, clients * turns);
}

}  // namespace
}  // namespace holdfast::testing
