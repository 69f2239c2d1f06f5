#include <csignal>

#include "fixture.hpp"

/// Processes that are killed while they hold or wait.
namespace holdfast::testing {
namespace {

class redis_kills_test : public redis_command_test {
 protected:
  static constexpr auto slack = 3s;  ///< What a busy machine and a sanitizer may add.
};

TEST_F(redis_kills_test, between_hand_off_and_claim) {
  process holder = start_holder("k");
  process head = start(run_shell({}, "k", "echo mine"));
  ASSERT_TRUE(await_waiters("k", 1));
  process next = start(run_shell({}, "k", "echo $HOLDFAST_TOKEN"));
  ASSERT_TRUE(await_waiters("k", 2));
  head.signal(SIGSTOP);  // It is told of its turn, and can't answer.
  holder.signal(SIGTERM);
  holder.wait();
  ASSERT_TRUE(eventually([&] { return json_at(show("k"), "/holders/0/claimed") == "false"; }));
  const long handed = std::stol(token_of("k"));
  const auto killed = steady_clock::now();
  head.signal(SIGKILL);
  EXPECT_EQ(next.wait(), 0) << next.err();
  EXPECT_LT(steady_clock::now() - killed, 2s + 1s + slack);
  EXPECT_GT(std::stol(next.out()), handed);
  EXPECT_EQ(head.out(), "");
}

TEST_F(redis_kills_test, a_killed_waiter_is_not_waited_for) {
  process holder = start_holder("k");
  process head = start({"run", "k", "--", "true"});
  ASSERT_TRUE(await_waiters("k", 1));
  process next = start({"run", "k", "--", "true"});
  ASSERT_TRUE(await_waiters("k", 2));
  head.signal(SIGKILL);
  head.wait();
  // Its connection is gone, so the release finds that nobody hears it.
  ASSERT_TRUE(eventually([&] { return cli({"CLIENT", "LIST", "TYPE", "pubsub"}).find('\n') == std::string::npos; }));
  const auto released = steady_clock::now();
  holder.signal(SIGTERM);
  EXPECT_EQ(next.wait(), 0);
  EXPECT_LT(steady_clock::now() - released, 1s + slack);
}

TEST_F(redis_kills_test, whatever_is_killed_no_turn_overlaps_and_no_lock_leaks) {
  const std::string history = folder_.file("history");
  const std::string loop = "while :; do " + std::string{HOLDFAST_COMMAND} + " run --ttl 1s k -- sh -c '" +
                           turn_script(history, "sleep 0.02") + "'; done";
  const auto loops = [&] {
    return process{launch{.words = {"sh", "-c", loop}, .environment = {{"HOLDFAST_STORE", store_}}, .own_group = true},
                   folder_.path()};
  };
  for (int round = 0; round < 5; ++round) {
    std::vector<process> all;
    for (int i = 0; i < 4; ++i) all.push_back(loops());
    const auto before = read_history(history).size();
    ASSERT_TRUE(eventually([&] { return read_history(history).size() > before + 10; }));
    for (process& one : all) ::kill(-one.pid(), SIGKILL);
    for (process& one : all) one.wait();
    // What they held runs out.
    EXPECT_EQ(holdfast({"run", "-w", "20s", "k", "--", "true"}).code, 0);
  }
  EXPECT_THAT(faults_of(read_history(history)), IsEmpty());
  EXPECT_TRUE(is_free("k"));
}

}  // namespace
}  // namespace holdfast::testing
