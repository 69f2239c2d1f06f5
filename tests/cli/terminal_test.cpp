#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include <csignal>

#include "command_test.hpp"

namespace holdfast::testing {
namespace {

using namespace std::chrono_literals;

/// A pseudo-terminal: we are the person in front of it.
class pseudo_terminal {
 public:
  pseudo_terminal() : master_{::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK)} {
    if (master_ < 0 || ::grantpt(master_) != 0 || ::unlockpt(master_) != 0)
      throw std::runtime_error{"no pseudo-terminal"};
    name_ = ::ptsname(master_);
    keep_ = ::open(name_.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC);
  }
  ~pseudo_terminal() {
    ::close(keep_);
    ::close(master_);
  }
  pseudo_terminal(const pseudo_terminal&) = delete;
  pseudo_terminal& operator=(const pseudo_terminal&) = delete;
  [[nodiscard]] const std::string& name() const { return name_; }
  void type(const std::string& keys) const {
    ASSERT_EQ(::write(master_, keys.data(), keys.size()), ssize_t(keys.size()));
  }
  /// Waits until the screen has shown `text`.
  bool shows(const std::string& text) {
    return eventually([&] {
      char block[1024];
      ssize_t got = 0;
      while ((got = ::read(master_, block, sizeof block)) > 0) screen_.append(block, static_cast<std::size_t>(got));
      return screen_.find(text) != std::string::npos;
    });
  }
  [[nodiscard]] const std::string& screen() const { return screen_; }

 private:
  int master_;
  int keep_ = -1;  // or the terminal hangs up between two users
  std::string name_;
  std::string screen_;
};

class terminal_test : public command_test {
 protected:
  process on_terminal(const words& all) {
    launch what{.words = all, .environment = {{"HOLDFAST_STORE", store_}}};
    what.terminal = terminal_.name();
    return process{what, folder_.path()};
  }
  static words with_command(words arguments) {
    arguments.insert(arguments.begin(), HOLDFAST_COMMAND);
    return arguments;
  }
  pseudo_terminal terminal_;
};

TEST_F(terminal_test, lets_the_command_read_and_takes_it_back) {
  process shell = on_terminal({"bash", "-c",
                               std::string{HOLDFAST_COMMAND} +
                                   " run k -- sh -c 'echo ask\"ing\"; read answer; echo \"got:$answer\"'; "
                                   "echo nex\"t\"; read more; echo \"then:$more\""});
  ASSERT_TRUE(terminal_.shows("asking")) << terminal_.screen();
  terminal_.type("one\n");
  ASSERT_TRUE(terminal_.shows("got:one")) << terminal_.screen();
  ASSERT_TRUE(terminal_.shows("next")) << terminal_.screen();
  terminal_.type("two\n");
  EXPECT_TRUE(terminal_.shows("then:two")) << terminal_.screen();
  EXPECT_EQ(shell.wait(), 0);
}

TEST_F(terminal_test, hands_the_interrupt_key_to_the_command) {
  process one =
      on_terminal(with_command(run_shell({}, "k", "trap 'exit 42' INT; echo read\"y\"; while :; do sleep 0.02; done")));
  ASSERT_TRUE(terminal_.shows("ready")) << terminal_.screen();
  terminal_.type("\x03");
  EXPECT_EQ(one.wait(), 42);
}

TEST_F(terminal_test, lets_the_interrupt_key_end_the_wait) {
  const process holder = start_holder("k");
  process one = on_terminal(with_command(run_shell({}, "k", "true")));
  ASSERT_TRUE(await_waiters("k", 1));
  terminal_.type("\x03");
  EXPECT_EQ(one.wait(), 128 + SIGINT);
  EXPECT_EQ(waiters_of("k"), 0);
}

TEST_F(terminal_test, stops_and_goes_on_as_one_job) {
  process shell = on_terminal({"bash", "-c",
                               "set -m; " + std::string{HOLDFAST_COMMAND} +
                                   " run --ttl 60s k -- sh -c 'echo read\"y\"; read line; echo \"got:$line\"; exit 9'; "
                                   "echo stopped:$?; fg >/dev/null; echo ended:$?"});
  ASSERT_TRUE(terminal_.shows("ready")) << terminal_.screen();
  terminal_.type("\x1a");
  ASSERT_TRUE(terminal_.shows("stopped:" + std::to_string(128 + SIGTSTP))) << terminal_.screen();
  terminal_.type("hello\n");
  EXPECT_TRUE(terminal_.shows("got:hello")) << terminal_.screen();
  EXPECT_TRUE(terminal_.shows("ended:9")) << terminal_.screen();
  EXPECT_EQ(shell.wait(), 0);
}

TEST_F(terminal_test, stops_and_goes_on_while_waiting) {
  process holder = start_holder("k");
  process shell = on_terminal({"bash", "-c",
                               "set -m; " + std::string{HOLDFAST_COMMAND} +
                                   " run k -- echo ra\"n\"; echo stopped:$?; fg >/dev/null; echo ended:$?"});
  ASSERT_TRUE(await_waiters("k", 1));
  terminal_.type("\x1a");
  ASSERT_TRUE(terminal_.shows("stopped:" + std::to_string(128 + SIGTSTP))) << terminal_.screen();
  holder.signal(SIGTERM);
  EXPECT_TRUE(terminal_.shows("ended:0")) << terminal_.screen();
  EXPECT_TRUE(terminal_.shows("ran")) << terminal_.screen();
  EXPECT_EQ(shell.wait(), 0);
}

}  // namespace
}  // namespace holdfast::testing
