// A server that stops again and again for longer than clients wait for an answer: many answers are lost, and requests
// are carried out late.
#include <array>
#include <csignal>
#include <thread>
#include <vector>

#include "etcd/fixture.hpp"

namespace holdfast::testing {
namespace {

class stall_test : public ::testing::Test {
 protected:
  static constexpr int names = 6;

  /// A client that soon gives up on an answer, but holds other locks, so that it renews all the time.
  struct impatient {
    client with;
    std::vector<held_lock> kept;
  };
  std::unique_ptr<impatient> make(const std::string& prefix) {
    auto made = std::unique_ptr<impatient>{
        new impatient{client{server_.url(), {.command_timeout = 25ms, .connect_timeout = 500ms}}, {}}};
    for (int i = 0; i < 24; ++i) {
      held_lock held;
      const auto ttl = std::chrono::seconds{1 + i % 4};
      static_cast<void>(eventually([&] {
        try {
          held = made->with.acquire(prefix + std::to_string(i), {.ttl = ttl});
          return true;
        } catch (const error&) {
          return false;
        }
      }));
      made->kept.push_back(std::move(held));
    }
    return made;
  }
  void take_turns(client& with, int name) {
    const auto at = static_cast<std::size_t>(name);
    mutex mine{with, "name/" + std::to_string(name), {.ttl = 20s}};
    while (!over_) {
      if (!mine.acquire({.timeout = 3s}).ok()) continue;
      const auto lease = mine.lease();
      if (inside_.at(at).fetch_add(1) != 0 && lease.held()) ++both_;
      std::this_thread::sleep_for(3ms);
      inside_.at(at).fetch_sub(1);
      ++turns_;
      if (mine.release() == errc::not_held) ++lost_;
    }
  }

  etcd_cluster server_;
  std::atomic<bool> over_{false};
  std::atomic<long> turns_{0};
  std::atomic<long> both_{0};
  std::atomic<long> lost_{0};
  std::array<std::atomic<int>, names> inside_{};
};

TEST_F(stall_test, no_two_hold_and_no_sound_lock_is_lost) {
  std::vector<std::unique_ptr<impatient>> clients;
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(make("kept/" + std::to_string(i) + "/"));
    for (int name = 0; name < names; ++name)
      threads.emplace_back([this, &with = clients.back()->with, name] { take_turns(with, name); });
  }
  for (const auto until = boot_clock::now() + 12s; boot_clock::now() < until;) {
    server_.signal(0, SIGSTOP);
    std::this_thread::sleep_for(40ms);
    server_.signal(0, SIGCONT);
    std::this_thread::sleep_for(60ms);
  }
  over_ = true;
  for (auto& each : threads) each.join();
  EXPECT_GT(turns_, 0);
  EXPECT_EQ(both_, 0);
  EXPECT_EQ(lost_, 0);
}

}  // namespace
}  // namespace holdfast::testing
