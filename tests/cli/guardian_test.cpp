#include <csignal>
#include <sstream>

#include "command_test.hpp"

namespace holdfast::testing {
namespace {

/// What becomes of the command when its lease ends before it does.
class guardian_test : public command_test {
 protected:
  /// A run whose command has a child, a grandchild, and one that left the process group for a session of its own; their pids are in
  /// the file `pids`. `begin` is run by the command first.
  process start_tree(const std::string& ttl, const std::string& begin = "") {
    const std::string pids = folder_.file("pids");
    process one = start(run_shell({"--ttl", ttl}, "k",
                                  begin + "note() { echo $1 >> " + pids +
                                      "; }; note $$; "
                                      "setsid sh -c 'echo $$ >> " +
                                      pids + "; sleep 1000 & echo $! >> " + pids +
                                      "; wait' & "
                                      "sh -c 'echo $$ >> " +
                                      pids +
                                      "; exec sleep 1000' & "
                                      "while :; do sleep 0.05; done"));
    EXPECT_TRUE(eventually([&] { return tree().size() == 4; })) << one.err();
    return one;
  }

  /// Whatever became of the run, nobody of the tree outlives it.
  void TearDown() override {
    EXPECT_TRUE(eventually([&] { return alive() == 0; })) << alive() << " left";
    for (const pid_t pid : tree()) ::kill(pid, SIGKILL);
  }

  std::vector<pid_t> tree() const {
    std::istringstream text{read_file(folder_.file("pids"))};
    std::vector<pid_t> out;
    for (pid_t pid = 0; text >> pid;) out.push_back(pid);
    return out;
  }

  int alive() const {
    int count = 0;
    for (const pid_t pid : tree()) count += process_alive(pid) ? 1 : 0;
    return count;
  }

  /// A run that waits, and at its first instant prints who of the tree still lives.
  process start_successor() {
    process one =
        start(run_shell({}, "k",
                        "for pid in $(cat " + folder_.file("pids") +
                            "); do "
                            "grep -sq '^State:.[^ZX]' /proc/$pid/status && echo alive $pid; done; echo mine"));
    EXPECT_TRUE(await_waiters("k", 1));
    return one;
  }

  /// The guardian: the only child of the run.
  static pid_t guardian_of(const process& run) {
    const std::string pid = std::to_string(run.pid());
    return std::stoi(read_file("/proc/" + pid + "/task/" + pid + "/children"));
  }
};

TEST_F(guardian_test, is_there_under_a_name_of_its_own) {
  const process one = start_tree("30s");
  EXPECT_EQ(read_file("/proc/" + std::to_string(guardian_of(one)) + "/comm"), "holdfast-guard\n");
}

TEST_F(guardian_test, ends_all_of_the_command_before_the_lock_passes_on_when_run_is_killed) {
  process one = start_tree("2s");
  process next = start_successor();
  one.signal(SIGKILL);
  EXPECT_EQ(one.wait(), 128 + SIGKILL);
  EXPECT_EQ(next.wait(), 0);
  if (site_->outlives_runs())
    EXPECT_EQ(next.out(), "mine\n");
  else
    EXPECT_NE(next.out().find("mine\n"), std::string::npos);
}

TEST_F(guardian_test, ends_all_of_the_command_before_the_lock_passes_on_when_run_is_stopped) {
  process one = start_tree("2s");
  process next = start_successor();
  one.signal(SIGSTOP);
  EXPECT_EQ(next.wait(), 0);
  EXPECT_EQ(next.out(), "mine\n");
  EXPECT_EQ(alive(), 0);
  one.signal(SIGCONT);
  EXPECT_EQ(one.wait(), 80);
}

TEST_F(guardian_test, asks_before_it_kills) {
  // A ttl of 12 s leaves a second between SIGTERM and SIGKILL.
  process one = start_tree("12s", "trap 'echo asked; exit 3' TERM; ");
  one.signal(SIGSTOP);
  EXPECT_TRUE(eventually([&] { return alive() == 0; }));
  one.signal(SIGCONT);
  EXPECT_EQ(one.wait(), 80);
  EXPECT_EQ(one.out(), "asked\n");
}

TEST_F(guardian_test, kills_what_does_not_listen) {
  process one = start_tree("4s", "trap '' TERM HUP INT; ");
  process next = start_successor();
  one.signal(SIGSTOP);
  EXPECT_EQ(next.wait(), 0);
  EXPECT_EQ(next.out(), "mine\n");
  one.signal(SIGCONT);
  EXPECT_EQ(one.wait(), 80);
}

TEST_F(guardian_test, kills_a_stopped_command_too) {
  process one = start_tree("2s");
  ::kill(tree().front(), SIGSTOP);
  process next = start_successor();
  one.signal(SIGKILL);
  EXPECT_EQ(next.wait(), 0);
  if (site_->outlives_runs())
    EXPECT_EQ(next.out(), "mine\n");
  else
    EXPECT_NE(next.out().find("mine\n"), std::string::npos);
}

TEST_F(guardian_test, does_not_mind_what_the_terminal_sends_to_runs_group) {
  process one = start_tree("30s");
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGUSR1}) ::kill(guardian_of(one), signal);
  EXPECT_EQ(alive(), 4);
  EXPECT_TRUE(process_alive(guardian_of(one)));
}

TEST_F(guardian_test, killed_itself_takes_the_command_along) {
  process one = start_tree("30s");
  ::kill(guardian_of(one), SIGKILL);
  EXPECT_EQ(one.wait(), 70);
  EXPECT_EQ(alive(), 0);
  EXPECT_NE(one.err().find("guardian"), std::string::npos);
  EXPECT_EQ(holdfast(run_shell({"-n"}, "k", "true")).code, 0) << "the lock was not released";
}

TEST_F(guardian_test, ends_the_command_when_the_lease_is_broken) {
  process one = start_tree("3s");
  const std::string token = json_at(show("k"), "/holders/0/token");
  EXPECT_EQ(holdfast({"break", "k", "--token", token}).code, 0);
  EXPECT_EQ(one.wait(), 80);
  EXPECT_EQ(alive(), 0);
  EXPECT_NE(one.err().find("lost"), std::string::npos) << one.err();
}

TEST_F(guardian_test, tells_of_a_loss_that_only_the_release_found_out) {
  const std::string file = folder_.file("outcome.json");
  process one = start(
      run_shell({"--json", file}, "k",
                "touch " + folder_.file("up") + "; while [ ! -e " + folder_.file("go") + " ]; do sleep 0.02; done"));
  ASSERT_TRUE(eventually([&] { return file_exists(folder_.file("up")); }));
  EXPECT_EQ(holdfast({"break", "k", "--token", json_at(show("k"), "/holders/0/token")}).code, 0);
  if (!site_->tells_of_loss()) write_file(folder_.file("go"), "");
  EXPECT_EQ(one.wait(), 80);
  EXPECT_EQ(json_at(read_file(file), "/outcome"), "lost");
  EXPECT_EQ(json_at(read_file(file), "/child_exit"), site_->tells_of_loss() ? "null" : "0");
}

TEST_F(guardian_test, lets_a_renewed_lease_run_on) {
  process one = start_tree("3s");
  // Three times the ttl on the store's own clock, told by the waits of others.
  for (int i = 0; i < 3; ++i) EXPECT_EQ(holdfast(run_shell({"-w", "3s"}, "k", "true")).code, 75);
  EXPECT_EQ(alive(), 4);
  one.signal(SIGTERM);
  EXPECT_EQ(one.wait(), 128 + SIGTERM);
  // The command ended by itself; the one with a session of its own may go on.
  for (const pid_t pid : tree()) ::kill(pid, SIGKILL);
}

TEST_F(guardian_test, leaves_what_the_command_left_running_when_it_ended) {
  // The command is over when it exits; a daemon that it started goes on, without the lock.
  const ended one = holdfast(run_shell({}, "k", "setsid sleep 1000 >/dev/null 2>&1 & echo $!"));
  EXPECT_EQ(one.code, 0);
  const pid_t daemon = std::stoi(one.out);
  EXPECT_TRUE(process_alive(daemon));
  ::kill(daemon, SIGKILL);
}

}  // namespace
}  // namespace holdfast::testing
