#include "core/keeper.hpp"

#include <gtest/gtest.h>
#include <sched.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "core/client_core.hpp"
#include "core/resource.hpp"
#include "core/system_clock.hpp"
#include "support/eventually.hpp"

namespace holdfast::core {
namespace {

using namespace std::chrono_literals;

/// Renews at once; everything else hangs until its deadline, as where somebody has locked the rows that it needs.
class half_stuck_store final : public store {
 public:
  [[nodiscard]] store_traits traits() const noexcept override { return {}; }
  void on_turn(turn_callback) override {}
  status ping(time_point) override { return {}; }
  turn_answer acquire(const request&, bool, time_point by) override { return hang<turn_answer>(by); }
  turn_answer claim(const request&, time_point by) override { return hang<turn_answer>(by); }
  renew_answer renew(std::span<const lease_ref>, std::span<renew_verdict> verdicts, time_point) override {
    for (auto& each : verdicts) each = renew_verdict::renewed;
    ++renewals;
    return {.sent = boot_clock::now(), .why = {}};
  }
  status heartbeat(std::span<const waiter_ref>, std::span<wait_verdict>, time_point by) override {
    ++beats;
    return hang<renew_answer>(by).why;
  }
  release_answer release(const lease_ref&, time_point by) override {
    ++releases;
    return hang<release_answer>(by);
  }
  withdraw_answer withdraw(const waiter_ref&, time_point by) override { return hang<withdraw_answer>(by); }
  status inspect(std::string_view, resource_view&, time_point) override { return {}; }
  status list(std::string_view, std::string_view, std::size_t, resource_page&, time_point) override { return {}; }
  status break_lease(std::string_view, std::optional<std::uint64_t>, std::optional<owner_id>, time_point) override {
    return {};
  }

  std::atomic<int> renewals{0};
  std::atomic<int> releases{0};
  std::atomic<int> beats{0};

 private:
  template <class Answer>
  static Answer hang(time_point by) {
    std::this_thread::sleep_for(by - boot_clock::now());
    Answer answer;
    answer.why = {errc::unavailable, "stuck"};
    return answer;
  }
};

/// What /proc tells of this process's thread of that name, by the file's line `key:`.
std::string thread_says(const std::string& name, const std::string& key) {
  for (const auto& task : std::filesystem::directory_iterator{"/proc/self/task"}) {
    std::ifstream status{task.path() / "status"};
    std::string line;
    if (!std::getline(status, line) || line != "Name:\t" + name) continue;
    while (std::getline(status, line))
      if (line.starts_with(key + ":\t")) return line.substr(key.size() + 2);
  }
  return {};
}

class keeper_test : public ::testing::Test {
 protected:
  std::shared_ptr<tenure> lease_of(duration ttl) {
    return std::make_shared<tenure>(
        client_, client_->resource_of("a"),
        tenure::grant{.owner = owner_id::random(), .sent = boot_clock::now(), .ttl = ttl, .asked = ttl});
  }
  keeper::surroundings around(store_traits traits = {}) {
    return {.at = store_,
            .time = system_clock(),
            .command_timeout = 10s,
            .traits = traits,
            .store_failed = [](const status&) {},
            .hint = [](const owner_id&) {}};
  }
  void expect_held_for_many_renewals(keeper& by, tenure& lease) {
    EXPECT_TRUE(test::eventually([&] { return store_->renewals >= 4 || !lease.held(); }));
    EXPECT_TRUE(lease.held());
    by.forget(lease);
  }

  std::shared_ptr<client_core> client_ = client_core::open("memory:", {});
  std::shared_ptr<half_stuck_store> store_ = std::make_shared<half_stuck_store>();
};

TEST_F(keeper_test, renews_in_time_while_what_it_undoes_is_stuck) {
  keeper with{around()};
  const auto lease = lease_of(2s);
  with.keep(*lease);
  with.undo({.is = keeper::leftover::kind::release,
             .resource = "b",
             .owner = owner_id::random(),
             .until = boot_clock::now() + 5s});
  expect_held_for_many_renewals(with, *lease);
  EXPECT_GE(store_->releases, 2);
}

TEST_F(keeper_test, renews_in_time_while_heartbeats_are_stuck) {
  keeper with{around({.heartbeat_every = 100ms})};
  const auto lease = lease_of(2s);
  with.keep(*lease);
  const auto waiter = owner_id::random();
  with.begin_waiting(waiter, "b");
  expect_held_for_many_renewals(with, *lease);
  EXPECT_GE(store_->beats, 2);
  with.end_waiting(waiter);
}

/// This thread, and those that it starts, on one CPU: another runs only while this one waits.
class one_cpu {
 public:
  one_cpu() {
    EXPECT_EQ(sched_getaffinity(0, sizeof before_, &before_), 0);
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(static_cast<unsigned>(sched_getcpu()), &one);
    EXPECT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
    // Of these none takes the CPU from another because it wakes.
    EXPECT_EQ(sched_setscheduler(0, SCHED_BATCH, &none_), 0);
  }
  ~one_cpu() {
    sched_setscheduler(0, SCHED_OTHER, &none_);
    sched_setaffinity(0, sizeof before_, &before_);
  }

 private:
  cpu_set_t before_{};
  const sched_param none_{};
};

TEST_F(keeper_test, a_loop_of_short_locks_does_not_wake_its_thread_each_time) {
  const one_cpu pinned;
  keeper with{around()};
  const auto sleeps = [] { return thread_says("hf-keeper", "State").starts_with("S"); };
  const auto times_slept = [] { return std::stol(thread_says("hf-keeper", "voluntary_ctxt_switches")); };
  const auto once = [&] {
    const auto lease = lease_of(60s);
    with.keep(*lease);
    with.forget(*lease);
    ASSERT_TRUE(test::eventually(sleeps));
  };
  once();
  const long before = times_slept();
  for (int i = 0; i < 200; ++i) once();
  EXPECT_LT(times_slept() - before, 20);
}

}  // namespace
}  // namespace holdfast::core
