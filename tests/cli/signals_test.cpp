#include <csignal>

#include "command_test.hpp"

namespace holdfast::testing {
namespace {

struct named_signal {
  const char* name;
  int number;
};

constexpr named_signal ending[] = {{"TERM", SIGTERM}, {"INT", SIGINT},   {"HUP", SIGHUP},  {"USR1", SIGUSR1},
                                   {"USR2", SIGUSR2}, {"QUIT", SIGQUIT}, {"ALRM", SIGALRM}};

class signals_test : public command_test {
 protected:
  /// A command that says `ready`, and on the signal says `got` and exits with 42.
  process start_trapping(const std::string& signal) {
    process one =
        start(run_shell({}, "k", "trap 'echo got; exit 42' " + signal + "; echo ready; while :; do sleep 0.02; done"));
    EXPECT_TRUE(eventually([&] { return one.out() == "ready\n"; })) << one.err();
    return one;
  }
};

TEST_F(signals_test, reach_the_command_while_it_runs) {
  for (const named_signal& signal : ending) {
    process one = start_trapping(signal.name);
    one.signal(signal.number);
    EXPECT_EQ(one.wait(), 42) << signal.name;
    EXPECT_EQ(one.out(), "ready\ngot\n") << signal.name;
  }
  EXPECT_EQ(json_size(show("k"), "/holders"), 0);
}

TEST_F(signals_test, reach_every_process_of_the_commands_group) {
  process one = start(run_shell({}, "k",
                                "trap 'wait; exit 5' USR1; "
                                "sh -c 'trap \"echo inner; exit\" USR1; echo ready; while :; do sleep 0.02; done' & "
                                "wait; wait; exit 6"));
  ASSERT_TRUE(eventually([&] { return one.out() == "ready\n"; }));
  one.signal(SIGUSR1);
  EXPECT_EQ(one.wait(), 5);
  EXPECT_EQ(one.out(), "ready\ninner\n");
}

TEST_F(signals_test, that_end_the_command_show_in_the_exit_code) {
  process one = start(run_shell({}, "k", "echo ready; exec sleep 1000"));
  ASSERT_TRUE(eventually([&] { return one.out() == "ready\n"; }));
  one.signal(SIGTERM);
  EXPECT_EQ(one.wait(), 128 + SIGTERM);
}

TEST_F(signals_test, that_mean_no_end_are_handed_on_too) {
  process one = start_trapping("WINCH");
  one.signal(SIGWINCH);
  EXPECT_EQ(one.wait(), 42);
  process two = start_trapping("RTMIN+3");
  two.signal(SIGRTMIN + 3);
  EXPECT_EQ(two.wait(), 42);
}

TEST_F(signals_test, end_the_wait_and_leave_no_trace) {
  const process holder = start_holder("k");
  const std::string file = folder_.file("outcome.json");
  for (const named_signal& signal : ending) {
    process waiter = start(run_shell({"--json", file}, "k", "echo ran"));
    ASSERT_TRUE(await_waiters("k", 1));
    waiter.signal(signal.number);
    EXPECT_EQ(waiter.wait(), 128 + signal.number) << signal.name;
    EXPECT_EQ(waiter.out(), "");
    EXPECT_EQ(waiters_of("k"), 0) << signal.name;
    EXPECT_EQ(json_at(read_file(file), "/outcome"), "interrupted");
  }
}

TEST_F(signals_test, that_mean_no_end_do_not_end_the_wait) {
  process holder = start_holder("k");
  process waiter = start(run_shell({}, "k", "echo ran"));
  ASSERT_TRUE(await_waiters("k", 1));
  for (const int signal : {SIGWINCH, SIGCONT, SIGURG}) waiter.signal(signal);
  EXPECT_EQ(holdfast(run_shell({"-w", "200ms"}, "k", "true")).code, 75);
  EXPECT_TRUE(waiter.running());
  holder.signal(SIGTERM);
  EXPECT_EQ(waiter.wait(), 0);
  EXPECT_EQ(waiter.out(), "ran\n");
}

TEST_F(signals_test, stay_ignored_where_the_caller_ignores_them) {
  const process holder = start_holder("k");
  launch what = prepare(run_shell({"-w", "300ms"}, "k", "true"));
  what.ignored_signals = {SIGHUP};
  process waiter{what, folder_.path()};
  ASSERT_TRUE(await_waiters("k", 1) || !waiter.running());
  waiter.signal(SIGHUP);
  EXPECT_EQ(waiter.wait(), 75);

  what = prepare({"run", "other", "--", "grep", "SigIgn", "/proc/self/status"});
  what.ignored_signals = {SIGHUP, SIGCHLD};
  process one{what, folder_.path()};
  EXPECT_EQ(one.wait(), 0);
  // Bit 0 is SIGHUP, bit 16 SIGCHLD.
  EXPECT_EQ(std::stoull(one.out().substr(one.out().find('\t') + 1), nullptr, 16) & 0x10001u, 0x10001u) << one.out();
}

TEST_F(signals_test, stop_and_continue_the_command_along_with_it) {
  // No shell that forks on and on: a process that is stopped between vfork and exec holds up its parent.
  launch what = prepare(run_shell({"--ttl", "60s"}, "k", "echo $$ > " + folder_.file("pid") + "; exec sleep 1000"));
  what.own_group = true;
  process one{what, folder_.path()};
  ASSERT_TRUE(eventually([&] { return !read_file(folder_.file("pid")).empty(); }));
  const auto state = [](pid_t pid) {
    const std::string text = read_file("/proc/" + std::to_string(pid) + "/stat");
    const std::size_t at = text.rfind(')');
    return at == std::string::npos ? '?' : text[at + 2];
  };
  const pid_t command = std::stoi(read_file(folder_.file("pid")));
  ASSERT_TRUE(eventually([&] { return read_file("/proc/" + std::to_string(command) + "/comm") == "sleep\n"; }));
  one.signal(SIGTSTP);
  EXPECT_TRUE(eventually([&] { return state(command) == 'T' && state(one.pid()) == 'T'; }))
      << state(command) << state(one.pid()) << one.err();
  one.signal(SIGCONT);
  EXPECT_TRUE(eventually([&] { return state(command) != 'T' && state(one.pid()) != 'T'; }));
  one.signal(SIGTERM);
  EXPECT_EQ(one.wait(), 128 + SIGTERM);
}

}  // namespace
}  // namespace holdfast::testing
