#include "core/keeper.hpp"

#include <gtest/gtest.h>

#include <atomic>
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

class keeper_test : public ::testing::Test {
 protected:
  std::shared_ptr<tenure> lease_of(duration ttl) {
    return std::make_shared<tenure>(client_, client_->resource_of("a"),
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

}  // namespace
}  // namespace holdfast::core
