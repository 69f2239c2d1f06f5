#include <csignal>

#include "fixture.hpp"
#include "support/proxy.hpp"

/// A server that stops, forgets or can't be reached while locks are held.
namespace holdfast::testing {
namespace {

class redis_loss_test : public redis_command_test {
 protected:
  /// A run whose command writes its process id to `mark` and then does nothing.
  process start_run(const std::string& mark, const words& options, const std::string& name = "k") {
    process one = start(run_shell(options, name, "echo $$ > " + mark + "; exec sleep 1000"));
    EXPECT_TRUE(eventually([&] { return !read_file(mark).empty() || !one.running(); }));
    EXPECT_TRUE(one.running()) << one.err();
    return one;
  }
};

TEST_F(redis_loss_test, a_server_that_stops_for_longer_than_the_ttl) {
  const std::string mark = folder_.file("pid");
  process holder = start_run(mark, {"--ttl", "3s"});
  process waiter = start(run_shell({}, "k", "date +%s%N"));
  ASSERT_TRUE(await_waiters("k", 1));
  const auto child = static_cast<pid_t>(std::stol(read_file(mark)));
  // The key's own expiry is what the server frees by: known before it stops.
  const auto left = std::chrono::milliseconds{std::stol(cli({"PTTL", "k"}))};
  const auto stopped = steady_clock::now();
  server().signal(SIGSTOP);
  ASSERT_TRUE(eventually([&] { return !process_alive(child); }));
  EXPECT_LT(steady_clock::now() - stopped, left);
  EXPECT_EQ(holder.wait(), 80) << holder.err();
  ASSERT_TRUE(eventually([&] { return steady_clock::now() - stopped > left + 500ms; }));
  server().signal(SIGCONT);
  EXPECT_EQ(waiter.wait(), 0) << waiter.err();
  EXPECT_TRUE(eventually([&] { return is_free("k"); }));
}

TEST_F(redis_loss_test, nothing_is_held_twice_after_a_stop) {
  const std::string history = folder_.file("history");
  const std::string loop = "i=0; while [ $i -lt 15 ]; do " + std::string{HOLDFAST_COMMAND} +
                           " run --ttl 1s k -- sh -c '" + turn_script(history, "sleep 0.05") + "'; i=$((i + 1)); done";
  std::vector<process> all;
  for (int i = 0; i < 4; ++i)
    all.emplace_back(launch{.words = {"sh", "-c", loop}, .environment = {{"HOLDFAST_STORE", store_}}}, folder_.path());
  for (int i = 0; i < 3; ++i) {
    const auto before = read_history(history).size();
    ASSERT_TRUE(eventually([&] { return read_history(history).size() > before + 2; }));
    server().signal(SIGSTOP);
    const auto stopped = steady_clock::now();
    ASSERT_TRUE(eventually([&] { return steady_clock::now() - stopped > 1500ms; }));
    server().signal(SIGCONT);
  }
  for (process& one : all) one.wait(120s);
  EXPECT_THAT(faults_of(read_history(history)), IsEmpty());
  EXPECT_GT(read_history(history).size(), 20U);
}

TEST_F(redis_loss_test, flushed_while_held) {
  const std::string mark = folder_.file("pid");
  process holder = start_run(mark, {"--ttl", "2s"});
  const long token = std::stol(token_of("k"));
  cli({"FLUSHALL"});
  const ended next = holdfast(run_shell({}, "k", "echo $HOLDFAST_TOKEN"));
  EXPECT_GT(std::stol(next.out), token);
  EXPECT_EQ(holder.wait(), 80);
  EXPECT_THAT(holder.err(), HasSubstr("lost"));
}

TEST_F(redis_loss_test, restarted_empty_while_held) {
  const std::string mark = folder_.file("pid");
  process holder = start_run(mark, {"--ttl", "3s"});
  process waiter = start(run_shell({}, "k", "echo $HOLDFAST_TOKEN"));
  ASSERT_TRUE(await_waiters("k", 1));
  const long token = std::stol(token_of("k"));
  server().kill();
  server().start(true);
  EXPECT_EQ(waiter.wait(), 0) << waiter.err();
  EXPECT_GT(std::stol(waiter.out()), token);
  EXPECT_EQ(holder.wait(), 80);
}

TEST_F(redis_loss_test, restarted_with_what_it_kept) {
  process holder = start_run(folder_.file("pid"), {"--ttl", "5s"});
  const std::string token = token_of("k");
  cli({"SAVE"});
  server().kill();
  server().start();
  EXPECT_EQ(token_of("k"), token);
  EXPECT_EQ(holdfast({"run", "-n", "k", "--", "true"}).code, 75);
  // Renewed on a new connection.
  const auto until = steady_clock::now() + 6s;
  ASSERT_TRUE(eventually([&] { return steady_clock::now() > until; }));
  EXPECT_TRUE(holder.running()) << holder.err();
  EXPECT_EQ(token_of("k"), token);
  holder.signal(SIGTERM);
  holder.wait();
  EXPECT_TRUE(is_free("k"));
}

TEST_F(redis_loss_test, an_evicted_record_while_held) {
  process holder = start_run(folder_.file("pid"), {"--ttl", "2s"});
  process waiter = start(run_shell({}, "k", "echo $HOLDFAST_TOKEN"));
  ASSERT_TRUE(await_waiters("k", 1));
  const long token = std::stol(token_of("k"));
  cli({"DEL", "{k}:holdfast:lease:k"});
  EXPECT_EQ(holdfast({"run", "-n", "k", "--", "true"}).code, 75);
  holder.signal(SIGTERM);
  EXPECT_EQ(waiter.wait(), 0) << waiter.err();
  EXPECT_GT(std::stol(waiter.out()), token);
}

TEST_F(redis_loss_test, cut_off_from_the_server_for_longer_than_the_ttl) {
  proxy between{server().port()};
  const std::string mark = folder_.file("pid");
  const std::string by_proxy = "redis://127.0.0.1:" + std::to_string(between.port());
  process holder = start_run(mark, {"-s", by_proxy, "--ttl", "3s"});
  const auto child = static_cast<pid_t>(std::stol(read_file(mark)));
  process waiter = start(run_shell({}, "k", "date +%s%N"));
  ASSERT_TRUE(await_waiters("k", 1));
  const auto left = std::chrono::milliseconds{std::stol(cli({"PTTL", "k"}))};
  const auto cut = steady_clock::now();
  between.partition();
  ASSERT_TRUE(eventually([&] { return !process_alive(child); }));
  EXPECT_LT(steady_clock::now() - cut, left);
  EXPECT_EQ(holder.wait(), 80) << holder.err();
  EXPECT_EQ(waiter.wait(), 0) << waiter.err();
  between.heal();  // What was under way comes now, too late.
  EXPECT_EQ(holdfast({"run", "-w", "10s", "k", "--", "true"}).code, 0);
}

TEST_F(redis_loss_test, a_short_cut_is_survived) {
  proxy between{server().port()};
  const std::string by_proxy = "redis://127.0.0.1:" + std::to_string(between.port());
  process holder = start_run(folder_.file("pid"), {"-s", by_proxy, "--ttl", "6s"});
  const std::string token = token_of("k");
  between.cut_all();
  const auto until = steady_clock::now() + 7s;
  ASSERT_TRUE(eventually([&] { return steady_clock::now() > until; }));
  EXPECT_TRUE(holder.running()) << holder.err();
  EXPECT_EQ(token_of("k"), token);
}

}  // namespace
}  // namespace holdfast::testing
