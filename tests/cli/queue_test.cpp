#include <csignal>
#include <cstdlib>

#include "command_test.hpp"

namespace holdfast::testing {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

/// How long a hand-off waits for its claim before the next in line gets it.
constexpr auto claim_window = 2s;
/// What a busy machine and a sanitizer may add.
constexpr auto slack = 3s;

class queue_test : public command_test {
 protected:
  long token_of(const std::string& name) { return std::atol(json_at(show(name), "/holders/0/token").c_str()); }
  /// A run that prints its token.
  process start_waiter(const std::string& name) { return start(run_shell({}, name, "echo $HOLDFAST_TOKEN")); }
};

TEST_F(queue_test, serves_ten_waiters_in_the_order_they_came) {
  process holder = start_holder("k");
  std::vector<process> waiters;
  std::string expected;
  for (int i = 0; i < 10; ++i) {
    waiters.push_back(start(run_shell({}, "k", "echo " + std::to_string(i) + " >> " + folder_.file("order"))));
    ASSERT_TRUE(await_waiters("k", i + 1));
    expected += std::to_string(i) + "\n";
  }
  holder.signal(SIGTERM);
  for (process& waiter : waiters) EXPECT_EQ(waiter.wait(), 0) << waiter.err();
  EXPECT_EQ(read_file(folder_.file("order")), expected);
}

TEST_F(queue_test, passes_the_lock_of_a_killed_holder_on_when_its_ttl_is_over) {
  process holder = start_holder("k", {"--ttl", "2s"});
  const long before = token_of("k");
  process waiter = start_waiter("k");
  ASSERT_TRUE(await_waiters("k", 1));
  const auto killed = steady_clock::now();
  holder.signal(SIGKILL);
  EXPECT_EQ(waiter.wait(), 0);
  EXPECT_LT(steady_clock::now() - killed, 2s + 1s + slack);
  EXPECT_GT(std::atol(waiter.out().c_str()), before);
}

TEST_F(queue_test, loses_one_claim_window_to_a_dead_head) {
  process holder = start_holder("k", {"--ttl", "2s"});
  process head = start_waiter("k");
  ASSERT_TRUE(await_waiters("k", 1));
  process waiter = start_waiter("k");
  ASSERT_TRUE(await_waiters("k", 2));
  head.signal(SIGKILL);
  const auto killed = steady_clock::now();
  holder.signal(SIGKILL);
  EXPECT_EQ(waiter.wait(), 0);
  EXPECT_LT(steady_clock::now() - killed, 2s + 1s + claim_window + slack);
  EXPECT_EQ(head.out(), "");
}

TEST_F(queue_test, loses_one_claim_window_to_a_stopped_head) {
  process holder = start_holder("k");
  process head = start_waiter("k");
  ASSERT_TRUE(await_waiters("k", 1));
  process waiter = start_waiter("k");
  ASSERT_TRUE(await_waiters("k", 2));
  head.signal(SIGSTOP);
  const auto ended_at = steady_clock::now();
  holder.signal(SIGTERM);
  EXPECT_EQ(waiter.wait(), 0);
  EXPECT_LT(steady_clock::now() - ended_at, 1s + claim_window + slack);
  head.signal(SIGCONT);
  EXPECT_EQ(head.wait(), 0) << head.err();  // it has missed its turn, and queues again
}

TEST_F(queue_test, loses_few_claim_windows_to_many_stopped) {
  process holder = start_holder("k");
  std::vector<process> stopped;
  for (int i = 0; i < 10; ++i) stopped.push_back(start_waiter("k"));
  ASSERT_TRUE(await_waiters("k", 10));
  process waiter = start_waiter("k");
  ASSERT_TRUE(await_waiters("k", 11));
  for (process& each : stopped) each.signal(SIGSTOP);
  const auto ended_at = steady_clock::now();
  holder.signal(SIGTERM);
  EXPECT_EQ(waiter.wait(), 0);
  EXPECT_LT(steady_clock::now() - ended_at, 2s + site_->windows_of(10) * claim_window + slack);
  for (process& each : stopped) each.signal(SIGCONT);
  for (process& each : stopped) EXPECT_EQ(each.wait(), 0) << each.err();
}

TEST_F(queue_test, loses_one_claim_window_to_a_hundred_dead) {
  process holder = start_holder("k", {"--ttl", "2s"});
  std::vector<process> dead;
  for (int i = 0; i < 100; ++i) {
    dead.push_back(start_waiter("k"));
    if (i % 10 == 9) {
      ASSERT_TRUE(await_waiters("k", i + 1));
    }
  }
  process waiter = start_waiter("k");
  ASSERT_TRUE(await_waiters("k", 101));
  for (process& one : dead) one.signal(SIGKILL);
  for (process& one : dead) one.wait();
  const auto killed = steady_clock::now();
  holder.signal(SIGKILL);
  EXPECT_EQ(waiter.wait(), 0);
  EXPECT_LT(steady_clock::now() - killed, 2s + 1s + claim_window + slack);
}

TEST_F(queue_test, keeps_the_place_of_who_waits_behind_one_that_gave_up) {
  process holder = start_holder("k");
  process quitter = start_waiter("k");
  ASSERT_TRUE(await_waiters("k", 1));
  process waiter = start_waiter("k");
  ASSERT_TRUE(await_waiters("k", 2));
  quitter.signal(SIGINT);
  EXPECT_EQ(quitter.wait(), 128 + SIGINT);
  EXPECT_EQ(waiters_of("k"), 1);
  holder.signal(SIGTERM);
  EXPECT_EQ(waiter.wait(), 0);
}

}  // namespace
}  // namespace holdfast::testing
