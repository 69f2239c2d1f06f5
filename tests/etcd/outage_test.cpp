// The only server away for longer than leases last: what was left behind then keeps nobody out.
#include <csignal>
#include <thread>

#include "etcd/fixture.hpp"

namespace holdfast::testing {
namespace {

class outage_test : public ::testing::Test {
 protected:
  /// One that tells soon that the server is away.
  client soon_told() const { return client{server_.url(), {.command_timeout = 500ms, .connect_timeout = 500ms}}; }
  std::size_t waiters_of(client& by, const std::string& name) {
    resource_view view;
    return by.inspect(name, view).ok() ? view.waiters.size() : 0;
  }
  void come_back() {
    server_.start(0);
    ASSERT_TRUE(server_.await_healthy());
  }
  etcd_cluster server_;
};

TEST_F(outage_test, what_could_not_be_released_can_be_had_again) {
  client one = soon_told();
  mutex mine{one, "k", {.ttl = 2s}};
  mine.lock();
  server_.kill(0);
  ASSERT_TRUE(eventually([&] { return !mine.lease().held(); }));
  EXPECT_FALSE(mine.release().ok());
  std::this_thread::sleep_for(4s);  // The client gives up making the release good.
  come_back();
  status how;
  EXPECT_TRUE(eventually([&] { return (how = mine.acquire({.timeout = 20s})).ok(); })) << how.message();
}

TEST_F(outage_test, a_waiter_that_gave_up_is_in_nobodys_way) {
  client holds{server_.url()};
  client waits = soon_told();
  mutex first{holds, "first", {.ttl = 20s}};
  mutex second{holds, "second", {.ttl = 20s}};
  first.lock();
  second.lock();
  mutex gives_up{waits, "first", {.ttl = 1s}};
  mutex goes_on{waits, "second", {.ttl = 1s}};
  std::thread leaves{[&] { EXPECT_FALSE(gives_up.acquire({.timeout = 2s}).ok()); }};
  std::thread stays{[&] {
    EXPECT_TRUE(eventually([&] { return goes_on.acquire({.timeout = 60s}).ok(); }));
    static_cast<void>(goes_on.release());
  }};
  ASSERT_TRUE(eventually([&] { return waiters_of(holds, "first") == 1 && waiters_of(holds, "second") == 1; }));
  server_.kill(0);
  leaves.join();
  std::this_thread::sleep_for(5s);
  come_back();
  EXPECT_TRUE(eventually([&] { return waiters_of(holds, "second") == 1 && waiters_of(holds, "first") == 0; }));
  static_cast<void>(second.release());
  stays.join();
}

/// Its timeout, and one command_timeout: for the request that it is in and for leaving the queue together.
TEST_F(outage_test, a_wait_ends_in_time_though_the_server_says_nothing) {
  client waits{server_.url(), {.command_timeout = 4s}};
  mutex wanted{waits, "k", {.ttl = 60s}};
  ASSERT_TRUE(wanted.try_lock());
  wanted.unlock();
  client looks = soon_told();
  server_.signal(0, SIGSTOP);
  ASSERT_TRUE(eventually([&] { return !looks.ping().ok(); }));
  const auto began = boot_clock::now();
  EXPECT_EQ(wanted.acquire({.timeout = 1s}), errc::unavailable);
  const auto took = boot_clock::now() - began;
  server_.signal(0, SIGCONT);
  EXPECT_GE(took, 1s);
  EXPECT_LT(took, 1s + 4s + 2500ms);  // With a command_timeout for each of the two it is 8 s.
}

}  // namespace
}  // namespace holdfast::testing
