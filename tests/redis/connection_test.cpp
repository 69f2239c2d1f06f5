#include "store/redis/connection.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "holdfast/status.hpp"
#include "redis/fixture.hpp"
#include "support/proxy.hpp"

namespace holdfast::redis::test {

namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using outcome = answer::outcome;

constexpr script echo{"echo", "return ARGV[1]", "098e0f0d1448c0a81dafe820f66d460eb09263da"};

TEST(redis_connection, commands_and_scripts) {
  testing::redis_server server;
  for (const auto& url : {server.url(), server.unix_url()}) {
    const auto with = connect(url);
    EXPECT_EQ(ask(*with, {"SET", "k", "v"}).what.text, "OK");
    const auto got = ask(*with, {"GET", "k"});
    EXPECT_EQ(got.is, outcome::replied);
    EXPECT_EQ(got.what.text, "v");
    EXPECT_TRUE(with->settled(got.connection));
    EXPECT_EQ(ask(*with, {"GET", "none"}).what.is, reply::kind::nil);
    server.cli({"SCRIPT", "FLUSH"});
    for (const auto* text : {"a", "b"}) EXPECT_EQ(call(*with, echo, {}, {text}).what.text, text);
    const auto wrong = ask(*with, {"INCR", "k"});
    EXPECT_EQ(wrong.is, outcome::replied);
    EXPECT_EQ(wrong.what.is, reply::kind::error);
    EXPECT_THAT(wrong.why.message(), HasSubstr("not an integer"));
  }
}

TEST(redis_connection, chooses_the_database) {
  testing::redis_server server;
  const auto with = connect(server.url() + "/3");
  ask(*with, {"SET", "k", "v"});
  EXPECT_EQ(server.cli({"-n", "3", "GET", "k"}), "v");
  EXPECT_EQ(server.cli({"GET", "k"}), "");
}

TEST(redis_connection, many_threads_get_their_own_replies) {
  testing::redis_server server;
  const auto with = connect(server.url());
  std::atomic<int> wrong{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 32; ++t)
      threads.emplace_back([&, t] {
        for (int i = 0; i < 300; ++i) {
          const auto mine = std::to_string(t) + "/" + std::to_string(i);
          const auto got = call(*with, echo, {}, {mine});
          if (got.is != outcome::replied || got.what.text != mine) ++wrong;
        }
      });
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(server.info("total_connections_received") > 0, true);
}

TEST(redis_connection, makes_a_new_one_after_an_idle_one_was_closed) {
  testing::redis_server server;
  const auto with = connect(server.url());
  const auto first = ask(*with, {"PING"}).connection;
  server.kill();
  server.start();
  // Idle for a while: nothing is lost, the connection is just made anew.
  std::this_thread::sleep_for(600ms);
  const auto again = ask(*with, {"PING"});
  EXPECT_EQ(again.is, outcome::replied);
  EXPECT_NE(again.connection, first);
  EXPECT_TRUE(with->settled(first));
}

TEST(redis_connection, a_silent_server_costs_the_timeout_and_settles_later) {
  testing::redis_server server;
  const auto with = connect(server.url(), 300ms);
  const auto first = ask(*with, {"PING"});
  ASSERT_EQ(first.is, outcome::replied);
  server.signal(SIGSTOP);
  const auto before = boot_clock::now();
  const auto lost = ask(*with, {"SET", "k", "v"}, 300ms);
  EXPECT_EQ(lost.is, outcome::unknown);
  EXPECT_EQ(lost.why, errc::unavailable);
  EXPECT_LT(boot_clock::now() - before, 10s);
  const auto refused = ask(*with, {"PING"}, 300ms);
  EXPECT_NE(refused.is, outcome::replied);
  server.signal(SIGCONT);
  ASSERT_TRUE(testing::eventually([&] { return ask(*with, {"PING"}).is == outcome::replied; }));
  EXPECT_TRUE(with->settled(lost.connection));
}

TEST(redis_connection, one_who_gives_up_leaves_the_others_alone) {
  testing::redis_server server;
  const auto with = connect(server.url(), 20s);
  ASSERT_EQ(ask(*with, {"PING"}).is, outcome::replied);
  server.signal(SIGSTOP);
  std::jthread patient{[&] {
    const auto got = ask(*with, {"ECHO", "patient"}, 20s);
    EXPECT_EQ(got.is, outcome::replied);
    EXPECT_EQ(got.what.text, "patient");
  }};
  const auto hasty = ask(*with, {"ECHO", "hasty"}, 100ms);
  EXPECT_NE(hasty.is, outcome::replied);
  server.signal(SIGCONT);
  patient.join();
  const auto later = ask(*with, {"ECHO", "later"});
  EXPECT_EQ(later.what.text, "later");
  EXPECT_TRUE(with->settled(hasty.connection) || hasty.is == outcome::not_sent);
}

TEST(redis_connection, one_that_is_dead_without_a_word_is_left_when_a_call_is_given_up) {
  testing::redis_server server;
  testing::proxy between{server.port()};
  std::atomic<bool> forgotten{false};
  between.judge_by([&](testing::proxy::direction, std::string_view) {
    return forgotten ? testing::proxy::fate::swallow : testing::proxy::fate::pass;
  });
  connection with{settings::of(core::url::parse("redis://127.0.0.1:" + std::to_string(between.port()))),
                  nullptr,
                  {.command_timeout = patience, .connect_timeout = patience, .suspicion = 100ms}};
  const auto first = ask(with, {"PING"});
  ASSERT_EQ(first.is, outcome::replied);
  forgotten = true;
  EXPECT_EQ(ask(with, {"PING"}, 300ms).is, outcome::unknown);
  forgotten = false;
  const auto again = ask(with, {"PING"}, 20s);
  EXPECT_EQ(again.is, outcome::replied);
  EXPECT_NE(again.connection, first.connection);
}

TEST(redis_connection, killed_in_the_middle_is_unknown_and_then_settled) {
  testing::redis_server server;
  const auto with = connect(server.url(), 20s);
  ASSERT_EQ(ask(*with, {"PING"}).is, outcome::replied);
  std::jthread killer{[&] {
    ASSERT_TRUE(testing::eventually([&] {
      return server.cli({"CLIENT", "LIST"}).find("cmd=blpop") != std::string::npos;
    }));
    server.cli({"CLIENT", "KILL", "TYPE", "normal"});
  }};
  const auto lost = ask(*with, {"BLPOP", "nothing", "0"}, 20s);
  killer.join();
  EXPECT_EQ(lost.is, outcome::unknown);
  EXPECT_FALSE(with->settled(lost.connection));
  EXPECT_EQ(ask(*with, {"PING"}).is, outcome::replied);
  EXPECT_TRUE(with->settled(lost.connection));
}

TEST(redis_connection, one_that_the_server_has_lost_is_settled_without_the_right_to_drop_it) {
  testing::redis_server server;
  server.cli({"ACL", "SETUSER", "me", "on", ">pw", "+@all", "-client|kill", "~*", "&*"});
  auto url = server.url();
  const auto with = connect(url.insert(url.find("//") + 2, "me:pw@"), 20s);
  ASSERT_EQ(ask(*with, {"PING"}).is, outcome::replied);
  std::jthread killer{[&] {
    const auto blocked = [&] { return server.cli({"CLIENT", "LIST"}).find("cmd=blpop") != std::string::npos; };
    ASSERT_TRUE(testing::eventually(blocked));
    server.signal(SIGSTOP);
  }};
  // The server stops, so the connection is given up and still stands at the server.
  const auto lost = ask(*with, {"BLPOP", "nothing", "0"}, 1s);
  killer.join();
  EXPECT_EQ(lost.is, outcome::unknown);
  server.signal(SIGCONT);
  EXPECT_EQ(ask(*with, {"PING"}, 100ms).is, outcome::unknown);  // Behind it in the same line.
  server.cli({"CLIENT", "KILL", "TYPE", "normal"});
  ASSERT_TRUE(testing::eventually([&] { return ask(*with, {"PING"}).is == outcome::replied; }));
  EXPECT_TRUE(with->settled(lost.connection));  // The server has it no more.
}

TEST(redis_connection, a_child_of_fork_is_told_that_it_is_not_its_own) {
  testing::redis_server server;
  const auto with = connect(server.url());
  ASSERT_EQ(ask(*with, {"PING"}).is, outcome::replied);
  const pid_t child = ::fork();
  if (child == 0) ::_exit(ask(*with, {"PING"}).why == errc::forked ? 0 : 1);
  int how = 0;
  ::waitpid(child, &how, 0);
  EXPECT_TRUE(WIFEXITED(how) && WEXITSTATUS(how) == 0);
  EXPECT_EQ(ask(*with, {"PING"}).what.text, "PONG");
}

}  // namespace

}  // namespace holdfast::redis::test
