#include "store/redis/checks.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "redis/fixture.hpp"

namespace holdfast::redis::test {

namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

/// What a first connection to `url` tells.
std::vector<std::string> told(const std::string& url) {
  std::vector<std::string> all;
  auto where = settings::of(core::url::parse(url));
  checks look{where, [&](const status& why) { all.push_back(why.message()); }};
  connection with{where,
                  nullptr,
                  {.command_timeout = patience,
                   .connect_timeout = patience,
                   .inquire = [&](const std::vector<reply>& answers) { return look.next(answers); }}};
  EXPECT_EQ(ask(with, {"PING"}).is, answer::outcome::replied);
  return all;
}

std::string as(const testing::redis_server& server, const std::vector<std::string>& rights) {
  std::vector<std::string> words{"ACL", "SETUSER", "me", "reset", "on", ">pw"};
  words.insert(words.end(), rights.begin(), rights.end());
  EXPECT_EQ(server.cli(words), "OK");
  return "redis://me:pw@127.0.0.1:" + std::to_string(server.port());
}

TEST(redis_checks, a_good_server_is_told_nothing_of_and_asked_in_one_round_trip) {
  testing::redis_server server;
  EXPECT_THAT(told(server.url()), IsEmpty());
  EXPECT_EQ(server.cli({"INFO", "commandstats"}).find("cmdstat_eval"), std::string::npos);
}

TEST(redis_checks, eviction) {
  testing::redis_server server{{.words = {"--maxmemory-policy", "allkeys-lru"}}};
  EXPECT_THAT(told(server.url()),
              ElementsAre(AllOf(HasSubstr("maxmemory-policy allkeys-lru"), HasSubstr("not set now"))));
  server.cli({"CONFIG", "SET", "maxmemory", "100mb"});
  server.cli({"CONFIG", "SET", "maxmemory-policy", "volatile-ttl"});
  EXPECT_THAT(told(server.url()),
              ElementsAre(AllOf(HasSubstr("volatile-ttl"), HasSubstr("memory is full"), HasSubstr("set noeviction"))));
}

TEST(redis_checks, persistence) {
  testing::redis_server server{{.persistent = false}};
  EXPECT_THAT(told(server.url()), ElementsAre(HasSubstr("keeps nothing on disk")));
  server.cli({"CONFIG", "SET", "appendonly", "yes"});
  EXPECT_THAT(told(server.url()), IsEmpty());
}

TEST(redis_checks, a_user_with_all_it_needs) {
  testing::redis_server server;
  EXPECT_THAT(told(as(server, {"+@all", "-@dangerous", "~*", "&holdfast:*"})), IsEmpty());
  EXPECT_EQ(server.cli({"DBSIZE"}), "0");
}

TEST(redis_checks, missing_rights_are_named) {
  testing::redis_server server;
  EXPECT_THAT(told(as(server, {"+@all", "-zadd", "-hset", "-scan", "~*", "&*"})),
              ElementsAre(AllOf(HasSubstr("+scan +zadd +hset,"), Not(HasSubstr("+get")))));
  EXPECT_THAT(told(as(server, {"+@all", "-@dangerous", "-eval", "~*", "&*"})), ElementsAre(HasSubstr("+eval,")));
  EXPECT_THAT(told(as(server, {"+@all", "-@admin", "~*", "&other:*"})), ElementsAre(HasSubstr("channels holdfast:*")));
  EXPECT_THAT(told(as(server, {"+@all", "~app:*", "&*"})), ElementsAre(HasSubstr("~{app:*")));
  EXPECT_THAT(told(as(server, {"+@all", "~app:*", "~{app:*", "&*"})), IsEmpty());
  EXPECT_EQ(server.cli({"DBSIZE"}), "0");
}

TEST(redis_checks, old_servers_and_clusters) {
  std::vector<std::string> all;
  checks look{{.shown = "redis://h"}, [&](const status& why) { all.push_back(why.message()); }};
  EXPECT_EQ(look.next({}).size(), 5U);
  const reply refused{.is = reply::kind::error, .text = "NOPERM"};
  look.next({{.is = reply::kind::text, .text = "redis_version:6.0.16\r\nredis_mode:cluster\r\n"},
             refused,
             refused,
             refused,
             refused});
  EXPECT_THAT(all, ElementsAre(HasSubstr("6.0.16"), HasSubstr("Cluster")));
}

}  // namespace

}  // namespace holdfast::redis::test
