#include <unistd.h>

#include <csignal>
#include <thread>

#include "command_test.hpp"

namespace holdfast::testing {
namespace {

class listing_test : public command_test {};

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST_F(listing_test, shows_a_free_name) {
  const ended people = holdfast({"show", "k"});
  EXPECT_EQ(people.code, 0);
  EXPECT_TRUE(contains(people.out, "free")) << people.out;
  const ended machine = holdfast({"show", "k", "--json"});
  EXPECT_EQ(machine.code, 0);
  EXPECT_EQ(json_at(machine.out, "/name"), "k");
  EXPECT_EQ(json_size(machine.out, "/holders"), 0);
  EXPECT_EQ(json_size(machine.out, "/waiters"), 0);
}

TEST_F(listing_test, shows_who_holds_and_who_waits) {
  const process holder = start_holder("k", {"--ttl", "20s"});
  const process waiter = start(run_shell({}, "k", "true # the waiter"));
  ASSERT_TRUE(await_waiters("k", 1));
  char host[256] = {};
  ::gethostname(host, sizeof host - 1);

  const std::string seen = show("k");
  EXPECT_EQ(json_at(seen, "/holders/0/host"), host);
  EXPECT_EQ(json_at(seen, "/holders/0/pid"), std::to_string(holder.pid()));
  EXPECT_NE(json_at(seen, "/holders/0/user"), "");
  EXPECT_TRUE(contains(json_at(seen, "/holders/0/command"), "sleep 1000")) << seen;
  EXPECT_EQ(json_at(seen, "/holders/0/owner").size(), 32u);
  EXPECT_GT(std::stol(json_at(seen, "/holders/0/expires_in_ms")), 0);
  EXPECT_LE(std::stol(json_at(seen, "/holders/0/expires_in_ms")), 20'000);
  EXPECT_EQ(json_at(seen, "/waiters/0/pid"), std::to_string(waiter.pid()));
  EXPECT_EQ(json_at(seen, "/waiters/0/alive"), "true");
  EXPECT_TRUE(contains(json_at(seen, "/waiters/0/command"), "the waiter")) << seen;

  const std::string people = holdfast({"show", "k"}).out;
  for (const std::string& part :
       {std::string{host}, "pid " + std::to_string(holder.pid()), json_at(seen, "/holders/0/token"),
        json_at(seen, "/holders/0/owner"), std::string{"sleep 1000"}, "pid " + std::to_string(waiter.pid()),
        std::string{"since"}, std::string{"expires"}})
    EXPECT_TRUE(contains(people, part)) << part << " is not in\n" << people;
}

TEST_F(listing_test, shows_commands_without_their_passwords) {
  const process holder = start(run_shell({}, "k", "exec sleep 1000 # https://me:sesame@example.org/"));
  ASSERT_TRUE(eventually([&] { return json_size(show("k"), "/holders") == 1; }));
  EXPECT_TRUE(contains(show("k"), "https://me:***@example.org/")) << show("k");
  for (const auto& seen :
       {show("k"), holdfast({"show", "k"}).out, holdfast({"ls"}).out, holdfast({"ls", "--json"}).out})
    EXPECT_FALSE(contains(seen, "sesame")) << seen;
}

TEST_F(listing_test, tells_a_waiter_that_is_gone) {
  const process holder = start_holder("k");
  process waiter = start(run_shell({}, "k", "true"));
  ASSERT_TRUE(await_waiters("k", 1));
  waiter.signal(SIGKILL);
  waiter.wait();
  EXPECT_TRUE(eventually([&] { return waiters_of("k") == 0 || json_at(show("k"), "/waiters/0/alive") == "false"; }));
}

TEST_F(listing_test, lists_what_is_held_by_prefix) {
  EXPECT_EQ(holdfast({"ls"}).out, "");
  const process one = start_holder("stock/1");
  const process two = start_holder("stock/2");
  const process other = start_holder("tickets");
  const ended all = holdfast({"ls", "--json"});
  EXPECT_EQ(all.code, 0);
  ASSERT_EQ(json_size(all.out, "/resources"), 3) << all.out;
  EXPECT_EQ(json_at(all.out, "/resources/0/name"), "stock/1");
  EXPECT_EQ(json_at(all.out, "/resources/2/name"), "tickets");
  EXPECT_EQ(json_size(holdfast({"ls", "--json", "stock/"}).out, "/resources"), 2);
  const std::string people = holdfast({"ls", "stock/"}).out;
  EXPECT_TRUE(contains(people, "NAME")) << people;
  EXPECT_TRUE(contains(people, "stock/1")) << people;
  EXPECT_FALSE(contains(people, "tickets")) << people;
}

TEST_F(listing_test, shows_odd_names_harmlessly) {
  const std::string name = "a\n\x1b[31m\xff";
  const process holder = start_holder(name);
  EXPECT_TRUE(contains(holdfast({"ls"}).out, "a\\x0a\\x1b[31m\\xff"));
  EXPECT_TRUE(contains(holdfast({"show", name}).out, "a\\x0a\\x1b[31m\\xff"));
  EXPECT_EQ(json_at(holdfast({"ls", "--json"}).out, "/resources/0/name"), "a\\x0a\\x1b[31m\\xff");
}

TEST_F(listing_test, keeps_its_columns_where_one_name_is_long) {
  const process one = start_holder("short");
  const process other = start_holder(std::string(255, 'x'));
  const std::string listed = holdfast({"ls"}).out;
  const std::size_t end = listed.find('\n');
  EXPECT_LT(end, 200u) << listed;
  EXPECT_TRUE(contains(listed, std::string(255, 'x') + "  ")) << listed;
}

TEST_F(listing_test, breaks_only_the_lease_that_is_meant) {
  process holder = start_holder("k");
  const std::string token = json_at(show("k"), "/holders/0/token");
  const ended wrong = holdfast({"break", "k", "--token", std::to_string(std::stol(token) - 1)});
  EXPECT_EQ(wrong.code, 1);
  EXPECT_TRUE(contains(wrong.err, "not held")) << wrong.err;
  EXPECT_EQ(json_size(show("k"), "/holders"), 1);
  EXPECT_EQ(holdfast({"break", "k", "--token", token}).code, 0);
  EXPECT_EQ(json_size(show("k"), "/holders"), 0);
  EXPECT_EQ(holdfast({"break", "k", "--token", token}).code, 1);
}

TEST_F(listing_test, breaks_by_owner_and_hands_on) {
  const process holder = start_holder("k");
  process waiter = start(run_shell({}, "k", "echo mine"));
  ASSERT_TRUE(await_waiters("k", 1));
  for (const char digit : {'0', 'f'}) EXPECT_EQ(holdfast({"break", "k", "--owner", std::string(32, digit)}).code, 1);
  EXPECT_EQ(holdfast({"break", "k", "--owner", "nobody"}).code, 64);
  EXPECT_EQ(holdfast({"break", "k", "--owner", json_at(show("k"), "/holders/0/owner")}).code, 0);
  EXPECT_EQ(waiter.wait(), 0);
  EXPECT_EQ(waiter.out(), "mine\n");
}

TEST_F(listing_test, tells_when_the_output_can_not_be_written) {
  for (const char* what : {"show k", "help", "help run", "ls --help", "version"}) {
    process one{launch{.words = {"sh", "-c", std::string{HOLDFAST_COMMAND} + " " + what + " > /dev/full"},
                       .environment = {{"HOLDFAST_STORE", store_}}},
                folder_.path()};
    EXPECT_EQ(one.wait(), 70) << what;
    EXPECT_TRUE(contains(one.err(), "standard output")) << what << ": " << one.err();
  }
}

TEST_F(listing_test, prints_version_and_help) {
  EXPECT_EQ(holdfast({"version"}).out, holdfast({"--version"}).out);
  EXPECT_TRUE(contains(holdfast({"version"}).out, "holdfast 0."));
  for (const char* topic : {"run", "ls", "show", "break", "version", "help"}) {
    const ended by_command = holdfast({"help", topic});
    EXPECT_EQ(by_command.code, 0);
    EXPECT_TRUE(contains(by_command.out, std::string{"holdfast "} + topic)) << by_command.out;
    EXPECT_EQ(holdfast({topic, "--help"}).out, by_command.out);
  }
  EXPECT_TRUE(contains(holdfast({"help"}).out, "run"));
  EXPECT_EQ(holdfast({"--help"}).code, 0);
}

}  // namespace
}  // namespace holdfast::testing
