#include <sys/stat.h>

#include "command_test.hpp"

namespace holdfast::testing {
namespace {

class run_test : public command_test {
 protected:
  std::string output_without_holdfast(const std::string& script) {
    process shell{launch{.words = {"sh", "-c", script}}, folder_.path()};
    shell.wait();
    return shell.out();
  }
};

TEST_F(run_test, gives_back_the_commands_exit_code) {
  for (const int code : {0, 1, 7, 75, 80, 255})
    EXPECT_EQ(holdfast(run_shell({}, "k", "exit " + std::to_string(code))).code, code);
}

TEST_F(run_test, says_which_signal_ended_the_command) {
  EXPECT_EQ(holdfast(run_shell({}, "k", "kill -9 $$")).code, 128 + 9);
  EXPECT_EQ(holdfast(run_shell({}, "k", "kill -TERM $$")).code, 128 + 15);
}

TEST_F(run_test, says_nothing_unless_asked) {
  const ended quiet = holdfast(run_shell({}, "k", "echo out; echo err >&2"));
  EXPECT_EQ(quiet.out, "out\n");
  EXPECT_EQ(quiet.err, "err\n");
  const ended loud = holdfast(run_shell({"-v"}, "k", "true"));
  EXPECT_NE(loud.err.find("holdfast: acquired `k` with token "), std::string::npos) << loud.err;
  EXPECT_NE(loud.err.find("\nholdfast: released `k` after "), std::string::npos) << loud.err;
  EXPECT_EQ(loud.out, "");
}

TEST_F(run_test, gives_standard_input_to_the_command) {
  write_file(folder_.file("input"), "from outside\n");
  launch what = prepare({"run", "k", "--", "cat"});
  what.input = folder_.file("input");
  process cat{what, folder_.path()};
  EXPECT_EQ(cat.wait(), 0);
  EXPECT_EQ(cat.out(), "from outside\n");
}

TEST_F(run_test, tells_the_command_of_its_lease) {
  const ended told =
      holdfast(run_shell({}, "a b",
                         "echo \"$HOLDFAST_NAME|$HOLDFAST_STORE\"; echo $HOLDFAST_TOKEN; echo $HOLDFAST_OWNER; " +
                             std::string{HOLDFAST_COMMAND} + " show --json 'a b' > " + folder_.file("seen")));
  EXPECT_EQ(told.code, 0) << told.err;
  const std::string seen = read_file(folder_.file("seen"));
  EXPECT_EQ(told.out, "a b|" + store_ + "\n" + json_at(seen, "/holders/0/token") + "\n" +
                          json_at(seen, "/holders/0/owner") + "\n");
}

TEST_F(run_test, gives_every_run_a_higher_token) {
  long before = 0;
  for (int i = 0; i < 5; ++i) {
    const long token = std::stol(holdfast(run_shell({}, "k", "echo $HOLDFAST_TOKEN")).out);
    EXPECT_GT(token, before);
    before = token;
  }
}

TEST_F(run_test, leaves_nothing_of_its_own_with_the_command) {
  // Open files, signals blocked and ignored: just what the same command has without holdfast.
  // As a child of the shell sees them: the shell itself opens pipes and blocks signals while it waits for one.
  const std::string script =
      "ls /proc/self/fd | wc -l; grep -E 'SigBlk|SigIgn' /proc/self/status; ulimit -a; umask; pwd";
  EXPECT_EQ(holdfast(run_shell({}, "k", script)).out, output_without_holdfast(script));
}

TEST_F(run_test, gives_the_command_a_process_group_of_its_own) {
  const ended seen = holdfast(run_shell({}, "k", "echo $(cut -d' ' -f5 /proc/$$/stat) $$"));
  const std::size_t space = seen.out.find(' ');
  EXPECT_EQ(seen.out.substr(0, space) + "\n", seen.out.substr(space + 1));
}

TEST_F(run_test, is_busy_while_another_holds) {
  const process holder = start_holder("k");
  const ended busy = holdfast(run_shell({"-n"}, "k", "echo ran"));
  EXPECT_EQ(busy.code, 75);
  EXPECT_EQ(busy.out, "");
  EXPECT_NE(busy.err.find("`k`"), std::string::npos) << busy.err;
  EXPECT_EQ(holdfast(run_shell({"-w", "0"}, "k", "true")).code, 75);
  EXPECT_EQ(holdfast(run_shell({"-w", "200ms"}, "k", "true")).code, 75);
  EXPECT_EQ(holdfast(run_shell({"-n", "-E", "9"}, "k", "true")).code, 9);
  EXPECT_EQ(holdfast(run_shell({"-w", "0.2", "-E", "0"}, "k", "true")).code, 0);
  EXPECT_EQ(waiters_of("k"), 0);
  EXPECT_EQ(holdfast(run_shell({"-n"}, "other", "true")).code, 0);
}

TEST_F(run_test, waits_until_the_lock_is_free) {
  process holder = start(run_shell({}, "k", "while [ ! -e " + folder_.file("go") + " ]; do sleep 0.02; done"));
  ASSERT_TRUE(eventually([&] { return json_size(show("k"), "/holders") == 1; }));
  process waiter = start(run_shell({"-w", "60s"}, "k", "echo mine"));
  ASSERT_TRUE(await_waiters("k", 1));
  EXPECT_EQ(waiter.out(), "");
  write_file(folder_.file("go"), "");
  EXPECT_EQ(waiter.wait(), 0);
  EXPECT_EQ(waiter.out(), "mine\n");
  EXPECT_EQ(holder.wait(), 0);
}

TEST_F(run_test, can_tell_not_found_from_not_executable) {
  const ended missing = holdfast({"run", "k", "--", "no-such-command-here"});
  EXPECT_EQ(missing.code, 127);
  EXPECT_NE(missing.err.find("no-such-command-here"), std::string::npos);
  EXPECT_EQ(holdfast({"run", "k", "--", "/no/such/file"}).code, 127);
  EXPECT_EQ(holdfast({"run", "k", "--", folder_.path()}).code, 126);
  EXPECT_EQ(holdfast({"run", "k", "--", ""}).code, 127);
  // No shell steps in for a script without `#!`.
  write_file(folder_.file("script"), "exit 3\n");
  ::chmod(folder_.file("script").c_str(), 0755);
  EXPECT_EQ(holdfast({"run", "k", "--", folder_.file("script")}).code, 126);
  EXPECT_EQ(json_size(show("k"), "/holders"), 0);
}

TEST_F(run_test, hands_arguments_over_as_they_are) {
  EXPECT_EQ(holdfast({"run", "k", "--", "printf", "%s|", "-n", "--", "a b", "", "--ttl"}).out, "-n|--|a b||--ttl|");
}

TEST_F(run_test, takes_a_name_that_looks_like_an_option) {
  EXPECT_EQ(holdfast({"run", "-n", "--", "--shared", "--", "printenv", "HOLDFAST_NAME"}).out, "--shared\n");
  EXPECT_EQ(holdfast({"run", "--", "-x", "--", "printf", "%s|", "--", "a"}).out, "--|a|");
  EXPECT_EQ(holdfast({"run", "--", "-x"}).code, 64);
  EXPECT_EQ(holdfast({"run", "--", "-x", "--"}).code, 64);
  const process holder = start({"run", "--", "--token", "--", "sleep", "600"});
  ASSERT_TRUE(eventually([&] { return json_size(holdfast({"ls", "--json", "--", "--t"}).out, "/resources") == 1; }));
  const std::string seen = holdfast({"show", "--json", "--", "--token"}).out;
  EXPECT_EQ(json_at(seen, "/name"), "--token");
  EXPECT_EQ(holdfast({"break", "--owner", json_at(seen, "/holders/0/owner"), "--", "--token"}).code, 0);
}

TEST_F(run_test, writes_the_outcome) {
  const std::string file = folder_.file("outcome.json");
  EXPECT_EQ(holdfast(run_shell({"--json", file}, "k", "exit 3")).code, 3);
  std::string text = read_file(file);
  EXPECT_EQ(json_at(text, "/outcome"), "completed");
  EXPECT_EQ(json_at(text, "/exit_code"), "3");
  EXPECT_EQ(json_at(text, "/child_exit"), "3");
  EXPECT_EQ(json_at(text, "/child_signal"), "null");
  EXPECT_EQ(json_at(text, "/resource"), "k");
  EXPECT_EQ(json_at(text, "/store"), store_);
  EXPECT_GT(std::stol(json_at(text, "/token")), 0);
  EXPECT_EQ(json_at(text, "/owner").size(), 32u);
  EXPECT_GE(std::stol(json_at(text, "/held_ms")), 0);

  EXPECT_EQ(holdfast(run_shell({"--json", file}, "\xff\xfe", "kill -9 $$")).code, 137);
  text = read_file(file);
  EXPECT_EQ(json_at(text, "/child_signal"), "9");
  EXPECT_EQ(json_at(text, "/resource"), "\\xff\\xfe");

  EXPECT_EQ(holdfast({"run", "--json", file, "k", "--", "/no/such/file"}).code, 127);
  EXPECT_EQ(json_at(read_file(file), "/outcome"), "failed");
}

TEST_F(run_test, writes_the_outcome_of_a_wait_too) {
  const std::string file = folder_.file("outcome.json");
  const process holder = start_holder("k");
  EXPECT_EQ(holdfast(run_shell({"-n", "--json", file}, "k", "true")).code, 75);
  EXPECT_EQ(json_at(read_file(file), "/outcome"), "busy");
  EXPECT_EQ(json_at(read_file(file), "/token"), "null");
  EXPECT_EQ(holdfast(run_shell({"-w", "200ms", "-E", "4", "--json", file}, "k", "true")).code, 4);
  EXPECT_EQ(json_at(read_file(file), "/outcome"), "timed_out");
  EXPECT_EQ(json_at(read_file(file), "/exit_code"), "4");
  EXPECT_GE(std::stol(json_at(read_file(file), "/waited_ms")), 150);
}

TEST_F(run_test, keeps_the_default_store_private) {
  launch what = prepare(run_shell({}, "k", "echo $HOLDFAST_STORE"));
  what.environment = {{"HOLDFAST_STORE", ""}, {"XDG_STATE_HOME", folder_.file("state home")}};
  process one{what, folder_.path()};
  EXPECT_EQ(one.wait(), 0) << one.err();
  EXPECT_TRUE(file_exists(folder_.file("state home/holdfast/locks.db")));
  struct stat found {};
  ASSERT_EQ(::stat(folder_.file("state home/holdfast").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0700u);

  what.environment = {{"HOLDFAST_STORE", ""}, {"XDG_STATE_HOME", ""}, {"HOME", folder_.file("home")}};
  process two{what, folder_.path()};
  EXPECT_EQ(two.wait(), 0) << two.err();
  EXPECT_TRUE(file_exists(folder_.file("home/.local/state/holdfast/locks.db")));
}

TEST_F(run_test, prefers_the_store_on_the_command_line) {
  const std::string other = "sqlite:" + folder_.file("other.db");
  EXPECT_EQ(holdfast(run_shell({"-s", other}, "k", "echo $HOLDFAST_STORE")).out, other + "\n");
}

TEST_F(run_test, locks_every_name_by_itself) {
  const std::vector<std::string> names{"a b",
                                       "a/b",
                                       "a}b",
                                       "{}x",
                                       "}",
                                       "锁",
                                       "%41",
                                       "A",
                                       "a",
                                       "k=v",
                                       "*",
                                       "'; --",
                                       "a\nb",
                                       std::string(255, '\xff'),
                                       std::string(254, '\xff')};
  std::vector<process> holders;
  for (const std::string& name : names) holders.push_back(start_holder(name));
  for (const std::string& name : names) {
    EXPECT_EQ(holdfast(run_shell({"-n"}, name, "true")).code, 75) << name;
    EXPECT_EQ(json_size(show(name), "/holders"), 1) << name;
  }
}

}  // namespace
}  // namespace holdfast::testing
