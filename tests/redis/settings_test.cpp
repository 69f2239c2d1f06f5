#include "store/redis/settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "holdfast/status.hpp"

namespace holdfast::redis {

namespace {

settings of(const std::string& text) { return settings::of(core::url::parse(text)); }

std::string refused(const std::string& text) {
  try {
    of(text);
  } catch (const error& why) {
    EXPECT_EQ(why.code(), errc::invalid_argument);
    return why.what();
  }
  return "taken";
}

TEST(redis_settings, host_port_database) {
  const auto plain = of("redis://cache");
  EXPECT_EQ(plain.hosts.at(0).host, "cache");
  EXPECT_EQ(plain.hosts.at(0).port, "6379");
  EXPECT_EQ(plain.database, 0);
  EXPECT_FALSE(plain.tls);
  const auto full = of("redis://me:secret@[::1]:7000/12");
  EXPECT_EQ(full.hosts.at(0).host, "::1");
  EXPECT_EQ(full.hosts.at(0).port, "7000");
  EXPECT_EQ(full.database, 12);
  EXPECT_EQ(full.user, "me");
  EXPECT_EQ(full.password, "secret");
  EXPECT_EQ(full.shown, "redis://me:***@[::1]:7000/12");
  EXPECT_EQ(of("redis://:pass@h").password, "pass");
  EXPECT_EQ(of("redis://h/?db=3").database, 3);
  EXPECT_EQ(of("redis://").hosts.at(0).host, "localhost");
}

TEST(redis_settings, unix_sockets) {
  EXPECT_EQ(of("unix:/run/redis.sock").socket, "/run/redis.sock");
  const auto full = of("unix:///run/redis.sock?db=2&user=me&password=hush");
  EXPECT_EQ(full.socket, "/run/redis.sock");
  EXPECT_EQ(full.database, 2);
  EXPECT_EQ(full.user, "me");
  EXPECT_EQ(full.password, "hush");
  EXPECT_EQ(full.shown.find("hush"), std::string::npos);
  EXPECT_TRUE(full.hosts.empty());
}

TEST(redis_settings, tls) {
  const auto it = of("rediss://h?ca=/ca.pem&cert=/me.pem&server_name=other&verify=ca");
  EXPECT_TRUE(it.tls);
  EXPECT_EQ(it.ca, "/ca.pem");
  EXPECT_EQ(it.certificate, "/me.pem");
  EXPECT_EQ(it.key, "/me.pem");
  EXPECT_EQ(it.server_name, "other");
  EXPECT_EQ(it.verify, settings::verification::ca);
  EXPECT_EQ(of("rediss://h").verify, settings::verification::full);
}

TEST(redis_settings, what_is_wrong_is_named) {
  using ::testing::HasSubstr;
  EXPECT_THAT(refused("redis://h/x"), HasSubstr("what follows its / is not the number of a database"));
  EXPECT_THAT(refused("redis://h/1/2"), HasSubstr("number of a database"));
  EXPECT_THAT(refused("redis://h?db=-1"), HasSubstr("option 'db' is not the number"));
  EXPECT_THAT(refused("redis://h?db=99999999999"), HasSubstr("option 'db'"));
  EXPECT_THAT(refused("redis://h?dbb=1"), HasSubstr("unknown option 'dbb'"));
  EXPECT_THAT(refused("redis://h?ca=/x"), HasSubstr("rediss://"));
  EXPECT_THAT(refused("rediss://h?verify=no"), HasSubstr("neither full, ca nor none"));
  EXPECT_THAT(refused("rediss://h?verify=none&ca=/x"), HasSubstr("leave one out"));
  EXPECT_THAT(refused("rediss://h?key=/x"), HasSubstr("without 'cert'"));
  EXPECT_THAT(refused("redis://a,b"), HasSubstr("several hosts"));
  EXPECT_THAT(refused("redis:h"), HasSubstr("// is missing"));
  EXPECT_THAT(refused("redis://me@h"), HasSubstr("no password"));
  EXPECT_THAT(refused("unix://run/redis.sock"), HasSubstr("three slashes"));
  EXPECT_THAT(refused("unix:"), HasSubstr("path is missing"));
  EXPECT_THAT(refused("unix:/" + std::string(108, 'x')), HasSubstr("longer than"));
}

RC_GTEST_PROP(redis_settings_property, any_text_is_taken_or_refused_clearly, ()) {
  const auto rest = *rc::gen::container<std::string>(
      rc::gen::oneOf(rc::gen::elementOf(std::string{":/?@[]%,&=0aZ."}), rc::gen::arbitrary<char>()));
  const auto start = *rc::gen::elementOf(std::vector<std::string>{
      "redis://", "rediss://h?", "unix:/", "unix:///", "redis://h/", "redis://h?db=", "redis://u:p@h?", "redis:"});
  try {
    const auto it = of(start + rest);
    RC_ASSERT(it.database >= 0);
    RC_ASSERT(it.hosts.empty() != it.socket.empty());
    for (const auto& each : it.hosts) RC_ASSERT(!each.host.empty() && !each.port.empty());
  } catch (const error& why) {
    RC_ASSERT(why.code() == errc::invalid_argument);
    for (const char c : std::string{why.what()}) RC_ASSERT(static_cast<unsigned char>(c) >= 0x20);
  }
}

RC_GTEST_PROP(redis_settings_property, every_database_and_port_comes_back, ()) {
  const auto database = *rc::gen::inRange(0, 2'000'000'000);
  const auto port = *rc::gen::inRange(1, 65536);
  const auto it = of("redis://h:" + std::to_string(port) + "/" + std::to_string(database));
  RC_ASSERT(it.database == database);
  RC_ASSERT(it.hosts.at(0).port == std::to_string(port));
}

}  // namespace

}  // namespace holdfast::redis
