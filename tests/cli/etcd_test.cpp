#include <csignal>
#include <sstream>

#include "command_test.hpp"
#include "etcd_site.hpp"

namespace holdfast::testing {
namespace {

/// The command beside etcd's own, and what is done behind its back.
class etcd_test : public command_test {
 protected:
  static void revoke_all_leases() {
    std::istringstream lines{etcd_server().control({"lease", "list"}).out};
    std::string line;
    std::getline(lines, line);  // How many there are.
    while (std::getline(lines, line)) EXPECT_EQ(etcd_server().control({"lease", "revoke", line}).code, 0);
  }
};

TEST_F(etcd_test, a_revoked_lease_ends_the_command) {
  const std::string mark = folder_.file("pid");
  process run = start(run_shell({"--ttl", "3s"}, "k", "echo $$ > " + mark + "; exec sleep 1000"));
  ASSERT_TRUE(eventually([&] { return !read_file(mark).empty(); }));
  revoke_all_leases();
  EXPECT_EQ(run.wait(), 80) << run.err();
  EXPECT_FALSE(process_alive(std::stoi(read_file(mark))));
  EXPECT_NE(run.err().find("lost"), std::string::npos) << run.err();
}

TEST_F(etcd_test, a_waiter_whose_lease_was_revoked_ends_with_an_error_and_never_runs) {
  process holder = start_holder("k");
  const std::string outcome = folder_.file("outcome");
  process waits = start(run_shell({"--json", outcome}, "k", "echo ran"));
  ASSERT_TRUE(await_waiters("k", 1));
  const std::string keys = etcd_server().control({"get", "--prefix", "k/", "--keys-only", "--sort-by", "CREATE"}).out;
  const auto last = keys.rfind("k/");
  ASSERT_EQ(etcd_server().control({"lease", "revoke", keys.substr(last + 2, keys.find('\n', last) - last - 2)}).code,
            0);
  holder.signal(SIGTERM);
  EXPECT_EQ(waits.wait(), 69);
  EXPECT_EQ(waits.out(), "");
  EXPECT_NE(waits.err().find("place"), std::string::npos) << waits.err();
  EXPECT_EQ(json_at(read_file(outcome), "/outcome"), "failed");
  EXPECT_EQ(waiters_of("k"), 0);
}

TEST_F(etcd_test, a_waiter_that_is_stopped_for_longer_than_its_ttl_ends_with_an_error) {
  process holder = start_holder("k");
  process waits = start(run_shell({"--ttl", "2s"}, "k", "echo ran"));
  ASSERT_TRUE(await_waiters("k", 1));
  waits.signal(SIGSTOP);
  EXPECT_TRUE(await_waiters("k", 0));  // After 3 s.
  waits.signal(SIGCONT);
  EXPECT_EQ(waits.wait(), 69);
  EXPECT_EQ(waits.out(), "");
  EXPECT_NE(waits.err().find("place"), std::string::npos) << waits.err();
}

TEST_F(etcd_test, a_broken_lock_ends_the_command_and_goes_to_the_next) {
  process holder = start_holder("k", {"--ttl", "3s"});
  process next = start(run_shell({}, "k", "echo next"));
  ASSERT_TRUE(await_waiters("k", 1));
  EXPECT_EQ(holdfast({"break", "k", "--token", json_at(show("k"), "/holders/0/token")}).code, 0);
  EXPECT_EQ(next.wait(), 0) << next.err();
  EXPECT_EQ(holder.wait(), 80) << holder.err();
}

TEST_F(etcd_test, etcdctl_lock_and_run_exclude_each_other) {
  process other{etcd_server().control_command({"lock", "--ttl", "5", "k"}), folder_.path()};
  ASSERT_TRUE(eventually([&] { return !other.out().empty() || !other.running(); })) << other.err();
  EXPECT_EQ(holdfast({"run", "-n", "k", "--", "true"}).code, 75);
  EXPECT_EQ(json_at(show("k"), "/holders/0/claimed"), "true");
  process waits = start(run_shell({}, "k", "echo mine; exec sleep 1000"));
  ASSERT_TRUE(await_waiters("k", 1));
  EXPECT_EQ(waits.out(), "");
  other.signal(SIGTERM);
  other.wait();
  ASSERT_TRUE(eventually([&] { return waits.out() == "mine\n"; })) << waits.err();

  process again{etcd_server().control_command({"lock", "--ttl", "5", "k", "echo", "theirs"}), folder_.path()};
  ASSERT_TRUE(await_waiters("k", 1));
  EXPECT_EQ(again.out(), "");
  waits.signal(SIGTERM);
  waits.wait();
  EXPECT_EQ(again.wait(), 0) << again.err();
  EXPECT_NE(again.out().find("theirs"), std::string::npos) << again.out();
}

/// By what `show` prints of it, as of any holder.
TEST_F(etcd_test, breaks_a_lock_of_etcdctl_by_its_owner) {
  process other{etcd_server().control_command({"lock", "--ttl", "5", "k"}), folder_.path()};
  ASSERT_TRUE(eventually([&] { return !other.out().empty() || !other.running(); })) << other.err();
  const std::string owner = json_at(show("k"), "/holders/0/owner");
  EXPECT_EQ(holdfast({"break", "k", "--owner", "12" + owner}).code, 1);
  const ended broken = holdfast({"break", "k", "--owner", owner});
  EXPECT_EQ(broken.code, 0) << broken.err;
  EXPECT_EQ(json_size(show("k"), "/holders"), 0);
  EXPECT_EQ(holdfast({"break", "k", "--owner", owner}).code, 1);
  other.signal(SIGTERM);
  other.wait();
}

/// What it does not say of itself is not made up.
TEST_F(etcd_test, shows_what_is_known_of_etcdctl) {
  process other{etcd_server().control_command({"lock", "--ttl", "5", "k"}), folder_.path()};
  ASSERT_TRUE(eventually([&] { return !other.out().empty() || !other.running(); })) << other.err();
  const std::string text = holdfast({"show", "k"}).out;
  EXPECT_NE(text.find("held by     another program\n"), std::string::npos) << text;
  EXPECT_EQ(text.find("since"), std::string::npos) << text;
  EXPECT_NE(text.find("owner     " + json_at(show("k"), "/holders/0/owner")), std::string::npos) << text;
  EXPECT_NE(holdfast({"ls"}).out.find("another program"), std::string::npos);
  other.signal(SIGTERM);
  other.wait();
}

TEST_F(etcd_test, nobody_there) {
  const ended one =
      holdfast({"run", "-s", "etcd://me:s3cret@127.0.0.1:" + std::to_string(free_port()), "k", "--", "true"});
  EXPECT_EQ(one.code, 69) << one.err;
  EXPECT_EQ(one.err.find("s3cret"), std::string::npos) << one.err;
  EXPECT_EQ(holdfast({"run", "-s", "etcd://", "k", "--", "true"}).code, 64);
}

}  // namespace
}  // namespace holdfast::testing
