#include <atomic>
#include <mutex>
#include <thread>

#include "fixture.hpp"
#include "holdfast/holdfast.hpp"
#include "support/proxy.hpp"

/// Connections that end in the middle of a verb, by the server's hand and by the network's.
namespace holdfast::testing {
namespace {

using direction = proxy::direction;
using fate = proxy::fate;

class redis_cuts_test : public redis_command_test {
 protected:
  std::string by_proxy() { return "redis://127.0.0.1:" + std::to_string(between_.port()); }
  client patient(const std::string& url) { return client{url, {.command_timeout = 2s, .connect_timeout = 2s}}; }

  /// Lets the `count`th script call after this one meet `what`; others pass.
  void strike(int count, fate what, direction where) {
    auto left = std::make_shared<std::atomic<int>>(count);
    auto next = std::make_shared<std::atomic<bool>>(false);
    between_.judge_by([=](direction at, std::string_view piece) {
      if (at == direction::to_server && piece.find("EVAL") != std::string_view::npos && left->fetch_sub(1) == 1) {
        if (where == direction::to_server) return what;
        next->store(true);
      }
      if (at == direction::to_client && next->exchange(false)) return what;
      return fate::pass;
    });
  }

  proxy between_{server().port()};
};

struct blow {
  fate what;
  direction where;
};
const blow blows[] = {{fate::cut, direction::to_server},
                      {fate::cut_after, direction::to_server},
                      {fate::cut, direction::to_client},
                      {fate::swallow, direction::to_client},
                      {fate::swallow, direction::to_server}};

TEST_F(redis_cuts_test, in_the_middle_of_acquire_and_release) {
  for (const auto& each : blows)
    for (int call = 1; call <= 3; ++call) {
      auto here = patient(by_proxy());
      mutex lock{here, "k", {.ttl = 10s}};
      strike(call, each.what, each.where);
      // The first two calls are the acquire (and its repetition), those after it the release.
      const status got = lock.acquire({.timeout = 15s});
      if (got.ok()) {
        const auto done = lock.release();
        EXPECT_TRUE(done.ok() || done == errc::outcome_unknown || done == errc::not_held) << done.message();
      }
      between_.heal();
      EXPECT_TRUE(here.close(15s).ok());
      // Long before the ttl: nothing of it is left.
      auto other = patient(store_);
      mutex probe{other, "k", {.ttl = 10s}};
      EXPECT_TRUE(probe.acquire({.timeout = 5s}).ok()) << call;
    }
}

TEST_F(redis_cuts_test, in_the_middle_of_a_claim) {
  for (const auto& each : blows) {
    auto holding = patient(store_);
    auto waiting = patient(by_proxy());
    mutex first{holding, "k", {.ttl = 20s}};
    mutex second{waiting, "k", {.ttl = 10s}};
    first.lock();
    const auto before = first.lease().token();
    std::thread waiter{[&] { EXPECT_TRUE(second.acquire({.timeout = 20s}).ok()); }};
    ASSERT_TRUE(await_waiters("k", 1));
    between_.judge_by([what = each.what, where = each.where, armed = std::make_shared<std::atomic<int>>(0)](
                          direction at, std::string_view piece) {
      // A claim has 5 arguments and 4 keys: a heartbeat's have another number.
      const bool is_claim = at == direction::to_server && piece.starts_with("*12\r\n$7\r\nEVALSHA");
      if (is_claim && armed->load() == 0) {
        armed->store(1);
        if (where == direction::to_server) return armed->store(2), what;
      }
      if (at == direction::to_client && armed->load() == 1 && piece.starts_with("$16")) return armed->store(2), what;
      return fate::pass;
    });
    EXPECT_TRUE(first.release().ok());
    waiter.join();
    between_.heal();
    EXPECT_GT(second.lease().token(), before);
    EXPECT_TRUE(second.release().ok());
    EXPECT_TRUE(waiting.close(15s).ok());
    EXPECT_TRUE(is_free("k"));
  }
}

TEST_F(redis_cuts_test, by_client_kill_again_and_again) {
  constexpr int threads = 4;
  constexpr int turns = 100;
  std::vector<std::unique_ptr<client>> clients;
  for (int i = 0; i < threads; ++i)
    clients.push_back(std::make_unique<client>(store_, client_options{.command_timeout = 5s, .connect_timeout = 5s}));
  std::atomic<bool> over{false};
  std::atomic<int> inside{0};
  std::atomic<int> wrong{0};
  std::mutex mutex_of_history;
  std::vector<turn_record> history;
  std::vector<std::thread> running;
  const auto now = [] { return boot_clock::now().time_since_epoch().count(); };
  for (int i = 0; i < threads; ++i)
    running.emplace_back([&, i] {
      mutex lock{*clients[static_cast<std::size_t>(i)], "k", {.ttl = 5s}};
      for (int turn = 0; turn < turns; ++turn) {
        if (!lock.acquire({.timeout = 20s}).ok()) {
          ++wrong;
          continue;
        }
        const auto lease = lock.lease();
        const auto began = now();
        if (inside.fetch_add(1) != 0 && lease.held()) ++wrong;
        std::this_thread::yield();
        inside.fetch_sub(1);
        {
          const std::lock_guard guard{mutex_of_history};
          history.push_back({"k", lease.token().value(), began, now()});
        }
        static_cast<void>(lock.release());
      }
    });
  std::thread killer{[&] {
    for (int i = 0; !over; ++i) {
      server().cli({"CLIENT", "KILL", "TYPE", i % 3 == 0 ? "pubsub" : "normal"});
      std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
  }};
  for (auto& each : running) each.join();
  over = true;
  killer.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(history.size(), static_cast<std::size_t>(threads * turns));
  EXPECT_THAT(faults_of(history), IsEmpty());
  for (auto& each : clients) EXPECT_TRUE(each->close(15s).ok());
  EXPECT_TRUE(is_free("k"));
}

TEST_F(redis_cuts_test, a_slow_network_changes_nothing) {
  between_.delay(30ms);
  std::vector<process> all;
  const std::string history = folder_.file("history");
  for (int i = 0; i < 4; ++i)
    all.push_back(start({"run", "-s", by_proxy(), "k", "--", "sh", "-c", turn_script(history)}));
  for (process& one : all) EXPECT_EQ(one.wait(), 0) << one.err();
  EXPECT_EQ(read_history(history).size(), 4U);
  EXPECT_THAT(faults_of(read_history(history)), IsEmpty());
}

TEST_F(redis_cuts_test, a_listener_that_was_cut_misses_no_turn_for_long) {
  process holder = start_holder("k");
  process waiter = start({"run", "k", "--", "true"});
  ASSERT_TRUE(await_waiters("k", 1));
  for (int i = 0; i < 20; ++i) cli({"CLIENT", "KILL", "TYPE", "pubsub"});
  const auto released = steady_clock::now();
  holder.signal(SIGTERM);
  EXPECT_EQ(waiter.wait(), 0) << waiter.err();
  EXPECT_LT(steady_clock::now() - released, 6s);
}

}  // namespace
}  // namespace holdfast::testing
