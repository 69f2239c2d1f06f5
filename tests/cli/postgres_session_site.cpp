#include <chrono>

#include <csignal>

#include "command_test.hpp"
#include "support/postgres_server.hpp"

/// The command on advisory locks.
namespace holdfast::testing {
namespace {

postgres_server& server() {
  static postgres_server one;
  return one;
}

class postgres_session_site final : public command_site {
 public:
  ~postgres_session_site() override { server().query("DROP DATABASE " + database_ + " WITH (FORCE)"); }
  std::string url() const override { return server().url(database_, "lock=session"); }
  bool outlives_runs() const override { return false; }
  bool tells_of_loss() const override { return true; }
  int windows_of(int stopped) const override { return stopped; }

 private:
  const std::string database_ = server().fresh_database();
};

class advisory_test : public command_test {
 protected:
  static std::string end_sessions(const std::string& which) {
    return server().query(
        "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_locks WHERE locktype = 'advisory' AND " + which);
  }
};

TEST_F(advisory_test, a_session_that_is_ended_ends_the_command_at_once) {
  process holder = start_holder("k", {"--ttl", "1h"});
  EXPECT_EQ(end_sessions("granted"), "1");
  EXPECT_EQ(holder.wait(), 80);
  EXPECT_NE(holder.err().find("lost"), std::string::npos) << holder.err();
}

TEST_F(advisory_test, a_waiter_whose_session_is_ended_waits_on) {
  process holder = start_holder("k");
  process waiter = start(run_shell({}, "k", "echo mine"));
  ASSERT_TRUE(await_waiters("k", 1));
  EXPECT_EQ(end_sessions("NOT granted"), "1");
  holder.signal(SIGTERM);
  EXPECT_EQ(waiter.wait(), 0) << waiter.err();
  EXPECT_EQ(waiter.out(), "mine\n");
}

TEST_F(advisory_test, the_lock_of_a_killed_holder_is_free_at_once) {
  process holder = start_holder("k", {"--ttl", "1h"});
  process waiter = start(run_shell({}, "k", "echo mine"));
  ASSERT_TRUE(await_waiters("k", 1));
  holder.signal(SIGKILL);
  EXPECT_EQ(waiter.wait(), 0) << waiter.err();
  EXPECT_EQ(waiter.out(), "mine\n");
}

TEST_F(advisory_test, the_command_of_a_killed_holder_gets_no_grace) {
  const std::string asked = folder_.file("asked");
  const std::string pid = folder_.file("pid");
  process one =
      start(run_shell({"--ttl", "1h"}, "k",
                      "trap 'echo asked > " + asked + "' TERM; echo $$ > " + pid + "; while :; do sleep 0.02; done"));
  ASSERT_TRUE(eventually([&] { return !read_file(pid).empty(); })) << one.err();
  one.signal(SIGKILL);
  EXPECT_TRUE(eventually([&] { return !process_alive(std::stoi(read_file(pid))); }));
  EXPECT_FALSE(file_exists(asked));
}

/// It was asked to end already, since the run was stopped: with the run's end the lock is free, and the grace is over.
TEST_F(advisory_test, nor_does_one_that_is_being_ended_get_the_rest_of_it) {
  const std::string asked = folder_.file("asked");
  const std::string pid = folder_.file("pid");
  process one =
      start(run_shell({"--ttl", "18s"}, "k",
                      "trap 'echo asked > " + asked + "' TERM; echo $$ > " + pid + "; while :; do sleep 0.02; done"));
  ASSERT_TRUE(eventually([&] { return !read_file(pid).empty(); })) << one.err();
  one.signal(SIGSTOP);
  ASSERT_TRUE(eventually([&] { return file_exists(asked); }));
  const auto began = std::chrono::steady_clock::now();
  one.signal(SIGKILL);
  EXPECT_TRUE(eventually([&] { return !process_alive(std::stoi(read_file(pid))); }));
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::milliseconds{1200});  // Of three seconds of grace.
}

TEST_F(advisory_test, a_wait_that_times_out_or_is_interrupted_leaves_nothing) {
  const process holder = start_holder("k");
  EXPECT_EQ(holdfast(run_shell({"-w", "100ms"}, "k", "true")).code, 75);
  EXPECT_EQ(holdfast(run_shell({"-n"}, "k", "true")).code, 75);
  process interrupted = start(run_shell({}, "k", "true"));
  ASSERT_TRUE(await_waiters("k", 1));
  interrupted.signal(SIGINT);
  EXPECT_EQ(interrupted.wait(), 128 + SIGINT);
  EXPECT_EQ(server().query("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"), "0");
}

TEST_F(advisory_test, a_pooler_is_bad_configuration) {
  const pgbouncer pooler{server()};
  const ended refused = holdfast({"run", "-s", pooler.url("postgres", "lock=session"), "k", "--", "true"});
  EXPECT_EQ(refused.code, 78) << refused.err;
  EXPECT_NE(refused.err.find("pooler"), std::string::npos) << refused.err;
}

TEST_F(advisory_test, there_is_nothing_to_keep_up) {
  for (const char* const command : {"schema", "gc"}) {
    const ended refused = holdfast({command});
    EXPECT_EQ(refused.code, 78) << refused.err;
    EXPECT_NE(refused.err.find("nothing to"), std::string::npos) << refused.err;
  }
}

}  // namespace

std::unique_ptr<command_site> make_command_site(const temporary_folder&) {
  return std::make_unique<postgres_session_site>();
}

}  // namespace holdfast::testing
