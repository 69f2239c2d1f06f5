#include <algorithm>
#include <sstream>
#include <thread>

#include "fixture.hpp"

/// What waiting costs the server, counted by MONITOR.
namespace holdfast::testing {
namespace {

class redis_thrift_test : public redis_command_test {
 protected:
  /// Commands that clients send within `span`.
  int commands_within(std::chrono::seconds span) {
    process monitor{launch{.words = {"redis-cli", "-s", server().socket(), "MONITOR"}}, folder_.path()};
    EXPECT_TRUE(eventually([&] { return monitor.out().find("OK") != std::string::npos; }));
    std::this_thread::sleep_for(span);
    monitor.signal(SIGTERM);
    monitor.wait();
    std::istringstream lines{monitor.out()};
    std::string line;
    int count = -1;  // The OK.
    while (std::getline(lines, line)) count += line.find(" lua]") == std::string::npos ? 1 : 0;
    return count;
  }
};

TEST_F(redis_thrift_test, ten_waiters_and_a_holder) {
  const process holder = start_holder("k");
  std::vector<process> waiters;
  for (int i = 0; i < 10; ++i) waiters.push_back(start({"run", "k", "--", "true"}));
  ASSERT_TRUE(await_waiters("k", 10));
  const int count = commands_within(10s);
  EXPECT_LE(count, 150);
  EXPECT_GT(count, 50);
  RecordProperty("commands_in_10_s", count);
}

TEST_F(redis_thrift_test, a_waiter) {
  const process holder = start_holder("k", {"--ttl", "90s"});
  const process waiter = start({"run", "k", "--", "true"});
  // Once it has all its connections: one for verbs, one to hear, one for heartbeats. (And the holder one, and this look.)
  ASSERT_TRUE(eventually([&] {
    const auto clients = cli({"CLIENT", "LIST"});
    return std::count(clients.begin(), clients.end(), '\n') == 4;
  }));
  EXPECT_LE(commands_within(10s), 13);
}

}  // namespace
}  // namespace holdfast::testing
