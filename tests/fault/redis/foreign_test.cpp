#include "fixture.hpp"

/// The command beside redis-cli on the same keys.
namespace holdfast::testing {
namespace {

class redis_foreign_test : public redis_command_test {};

TEST_F(redis_foreign_test, a_lock_of_theirs_is_busy) {
  EXPECT_EQ(cli({"SET", "k", "v", "NX", "PX", "30000"}), "OK");
  EXPECT_EQ(holdfast({"run", "-n", "k", "--", "true"}).code, 75);
  const std::string seen = show("k");
  EXPECT_EQ(json_at(seen, "/holders/0/owner"), "v");
  const ended people = holdfast({"show", "k"});
  EXPECT_EQ(people.code, 0);
  EXPECT_THAT(people.out, HasSubstr("v"));
}

TEST_F(redis_foreign_test, a_lock_of_ours_is_busy_for_them) {
  process holder = start_holder("k");
  EXPECT_EQ(cli({"SET", "k", "v", "NX", "PX", "30000"}), "");
  EXPECT_EQ(
      cli({"EVAL", "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end",
           "1", "k", "v"}),
      "0");
  EXPECT_EQ(holdfast({"run", "-n", "k", "--", "true"}).code, 75);
  holder.signal(SIGTERM);
  holder.wait();
  EXPECT_EQ(cli({"SET", "k", "v", "NX", "PX", "30000"}), "OK");
}

TEST_F(redis_foreign_test, waiters_notice_that_they_freed_it) {
  cli({"SET", "k", "v", "NX", "PX", "30000"});
  std::vector<process> waiters;
  for (int i = 0; i < 3; ++i) {
    waiters.push_back(start(run_shell({}, "k", "echo " + std::to_string(i) + " >> " + folder_.file("order"))));
    ASSERT_TRUE(await_waiters("k", i + 1));
  }
  const auto freed = steady_clock::now();
  cli({"DEL", "k"});
  ASSERT_TRUE(eventually([&] { return file_exists(folder_.file("order")); }));
  EXPECT_LT(steady_clock::now() - freed, 10s);  // Long before it would have run out.
  for (process& each : waiters) EXPECT_EQ(each.wait(), 0) << each.err();
  EXPECT_EQ(read_file(folder_.file("order")), "0\n1\n2\n");
}

TEST_F(redis_foreign_test, are_not_broken_by_a_token) {
  cli({"SET", "k", "v", "NX", "PX", "30000"});
  EXPECT_EQ(holdfast({"break", "k", "--token", "0"}).code, 64);
  const ended one = holdfast({"break", "k", "--token", "1"});
  EXPECT_EQ(one.code, 78);
  EXPECT_THAT(one.err, HasSubstr("DEL"));
  EXPECT_EQ(cli({"GET", "k"}), "v");
}

TEST_F(redis_foreign_test, lists_those_that_are_waited_for) {
  cli({"SET", "k", "v", "NX", "PX", "30000"});
  const process waiter = start({"run", "k", "--", "true"});
  ASSERT_TRUE(await_waiters("k", 1));
  EXPECT_EQ(json_at(holdfast({"ls", "--json"}).out, "/resources/0/holders/0/owner"), "v");
  EXPECT_EQ(holdfast({"ls"}).code, 0);
}

TEST_F(redis_foreign_test, names_of_one_slot_and_odd_ones) {
  std::vector<process> holders;
  for (const std::string name : {"{u}a", "{u}b", "a}b", "{}x", "}", "u"}) {
    holders.push_back(start_holder(name));
    EXPECT_EQ(cli({"SET", name, "v", "NX", "PX", "30000"}), "") << name;
  }
  EXPECT_EQ(json_size(holdfast({"ls", "--json"}).out, "/resources"), 6);
}

}  // namespace
}  // namespace holdfast::testing
