#include "core/url.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/shown_url.hpp"
#include "holdfast/status.hpp"

namespace holdfast::core {

namespace {

std::string complaint(std::string_view text) {
  try {
    return "taken: " + url::parse(text).shown;
  } catch (const error& why) {
    EXPECT_EQ(why.code(), errc::invalid_argument);
    return why.what();
  }
}

}  // namespace

TEST(url, scheme_and_path) {
  const auto it = url::parse("SQLite:/var/lib/locks.db");
  EXPECT_EQ(it.scheme, "sqlite");
  EXPECT_FALSE(it.has_authority);
  EXPECT_TRUE(it.hosts.empty());
  EXPECT_EQ(it.path, "/var/lib/locks.db");
  EXPECT_EQ(it.shown, "SQLite:/var/lib/locks.db");
}

TEST(url, scheme_alone) {
  EXPECT_EQ(url::parse("memory:").path, "");
  EXPECT_EQ(url::parse("memory:one").path, "one");
  EXPECT_EQ(url::parse("sqlite:").scheme, "sqlite");
}

TEST(url, relative_path_and_odd_characters) {
  EXPECT_EQ(url::parse("sqlite:a/b c#d@e:f.db").path, "a/b c#d@e:f.db");
  EXPECT_EQ(url::parse("sqlite:100%25%3f.db").path, "100%?.db");
  EXPECT_EQ(url::parse("sqlite:/tmp/a:b@c").shown, "sqlite:/tmp/a:b@c");
}

TEST(url, empty_authority) {
  const auto it = url::parse("sqlite:///tmp/x@y.db");
  EXPECT_TRUE(it.has_authority);
  EXPECT_TRUE(it.hosts.empty());
  EXPECT_EQ(it.path, "/tmp/x@y.db");
}

TEST(url, everything) {
  const auto it = url::parse("postgres://me:s%40crt@db1:5433,db2,[::1]:5434/locks?sslmode=require&a=%26b&flag");
  EXPECT_EQ(it.user, "me");
  EXPECT_EQ(it.password, "s@crt");
  ASSERT_EQ(it.hosts.size(), 3U);
  EXPECT_EQ(it.hosts[0].host, "db1");
  EXPECT_EQ(it.hosts[0].port, "5433");
  EXPECT_EQ(it.hosts[1].host, "db2");
  EXPECT_EQ(it.hosts[1].port, "");
  EXPECT_EQ(it.hosts[2].host, "::1");
  EXPECT_EQ(it.hosts[2].port, "5434");
  EXPECT_EQ(it.path, "/locks");
  EXPECT_EQ(it.option("sslmode"), "require");
  EXPECT_EQ(it.option("a"), "&b");
  EXPECT_EQ(it.option("flag"), "");
  EXPECT_EQ(it.option("none"), std::nullopt);
  EXPECT_EQ(it.shown, "postgres://me:***@db1:5433,db2,[::1]:5434/locks?sslmode=require&a=%26b&flag");
}

TEST(url, the_last_option_counts) { EXPECT_EQ(url::parse("x:?a=1&b=2&a=3").option("a"), "3"); }

TEST(url, passwords_are_hidden) {
  EXPECT_EQ(url::parse("redis://:hush@h").shown, "redis://:***@h");
  EXPECT_EQ(url::parse("redis://:hush@h").password, "hush");
  EXPECT_EQ(url::parse("redis://u:a@b:c@h").shown, "redis://u:***@h");
  EXPECT_EQ(url::parse("redis://u:a@b:c@h").password, "a@b:c");
  EXPECT_EQ(url::parse("redis://u:@h").shown, "redis://u:@h");
  EXPECT_EQ(url::parse("redis://u@h").shown, "redis://u@h");
  EXPECT_EQ(url::parse("mysql://h/d?password=hush&x=1").shown, "mysql://h/d?password=***&x=1");
  EXPECT_EQ(url::parse("mysql://h/d?x=1&PassWord=hush").shown, "mysql://h/d?x=1&PassWord=***");
  EXPECT_EQ(url::parse("mysql://h/d?p%61ssword=hush").shown, "mysql://h/d?p%61ssword=***");
}

TEST(url, malformed_ones_say_what_is_wrong) {
  using testing::HasSubstr;
  EXPECT_THAT(complaint(""), HasSubstr("empty"));
  EXPECT_THAT(complaint("locks.db"), HasSubstr("no scheme"));
  EXPECT_THAT(complaint("/tmp/locks.db"), HasSubstr("no scheme"));
  EXPECT_THAT(complaint(":x"), HasSubstr("no scheme"));
  EXPECT_THAT(complaint("1x:y"), HasSubstr("no scheme"));
  EXPECT_THAT(complaint("sqlite:/a%2"), HasSubstr("two hex digits"));
  EXPECT_THAT(complaint("sqlite:/a%zz"), HasSubstr("%25"));
  EXPECT_THAT(complaint("sqlite:/a%00b"), HasSubstr("%00"));
  EXPECT_THAT(complaint("sqlite:/a\nb"), HasSubstr("control character"));
  EXPECT_THAT(complaint("redis://h:"), HasSubstr("port"));
  EXPECT_THAT(complaint("redis://h:0"), HasSubstr("port"));
  EXPECT_THAT(complaint("redis://h:65536"), HasSubstr("65535"));
  EXPECT_THAT(complaint("redis://h:6379x"), HasSubstr("port"));
  EXPECT_THAT(complaint("redis://::1"), HasSubstr("host is missing"));
  EXPECT_THAT(complaint("redis://fe80::1"), HasSubstr("[ ]"));
  EXPECT_THAT(complaint("redis://[::1"), HasSubstr("not closed"));
  EXPECT_THAT(complaint("redis://[::1]6379"), HasSubstr(":port"));
  EXPECT_THAT(complaint("redis://[host]:6379"), HasSubstr("IPv6"));
  EXPECT_THAT(complaint("redis://a,,b"), HasSubstr("host is missing"));
  EXPECT_THAT(complaint("redis://a, b"), HasSubstr("space"));
  EXPECT_THAT(complaint("redis://me:pw@"), HasSubstr("no host"));
  EXPECT_THAT(complaint("redis:me:pw@h"), HasSubstr("// is missing"));
  EXPECT_THAT(complaint("redis:///:pw@h/0"), HasSubstr("no host"));
  EXPECT_EQ(url::parse("unix:///run/a@b").path, "/run/a@b");
  EXPECT_THAT(complaint("x:?=1"), HasSubstr("no name"));
}

TEST(url, malformed_ones_never_repeat_a_password) {
  for (const auto* text : {"redis://me:hush@",
                           "redis://me:hush@h:x",
                           "redis://me:hush@h:1/%",
                           "redis://me:hu/hush@h",
                           "redis://me:12/hush@h",
                           "redis://me:hu?hush@h",
                           "redis://me:12?hush@h",
                           "redis://me:%hush@h",
                           "redis://:hush%@h",
                           "redis://me:hush",
                           "redis:me:hush@h",
                           "redis:///:hush@h/0",
                           "rediss:////me:hush@h",
                           "redis:/me:hush@h",
                           "redis:me:a?hush@h",
                           "me:hush@h",
                           "me:hush@h?%",
                           "//me:hush@h",
                           ":hush@h",
                           "redis//me:hush@h",
                           "redis://me:hush@h/?password=hush%",
                           "redis://h:x/?password=hush",
                           "redis://h/?password=a@hush%",
                           "redis://h:1/?password=a@hush",
                           "redis://me:a@hush@h:x",
                           "redis://me:hush\n@h",
                           "redis://[::1:hush@h",
                           "redis://me:hu#hush@h%",
                           "redis://me:x//hush@h",
                           "redis://me:@hush/@h",
                           "_x:me//hush@h",
                           "redis://h1:1,h2:hush",
                           "postgres://h:1:hush/"})
    EXPECT_EQ(complaint(text).find("hush"), std::string::npos) << complaint(text);
}

TEST(url, harmless_parts_are_repeated) {
  using testing::HasSubstr;
  EXPECT_THAT(complaint("redis://h:99999/1"), HasSubstr("'redis://h:99999/1'"));
  EXPECT_THAT(complaint("redis://me:pw@h:x"), HasSubstr("'redis://me:***@h:x'"));
  EXPECT_THAT(complaint("sqlite:/a%zz"), HasSubstr("'sqlite:/a%zz'"));
}

TEST(url, a_host_that_is_an_option) {
  for (const auto* const query : {"socket=/run/db.sock", "host=/run", "table=t&hostaddr=127.0.0.1"}) {
    const auto it = url::parse(std::string{"mysql://me:hush@/db?"} + query);
    EXPECT_EQ(it.user, "me");
    EXPECT_EQ(it.password, "hush");
    EXPECT_TRUE(it.hosts.empty());
    EXPECT_EQ(it.path, "/db");
    EXPECT_EQ(it.shown, std::string{"mysql://me:***@/db?"} + query);
  }
  for (const auto* const text : {"mysql://me:hush@/db", "mysql://me:hush@/db?ghost=x", "mysql://me:hush@/db?table=t",
                                 "mysql:///me:hush@h/db?host=x"}) {
    EXPECT_THAT(complaint(text), testing::HasSubstr("there is no host")) << text;
    EXPECT_EQ(complaint(text).find("hush"), std::string::npos) << text;
  }
}

TEST(url, command_lines_are_shown_without_passwords) {
  using namespace std::string_literals;
  EXPECT_EQ(shown_command("run\0-s\0mysql://me:hush@h/db?table=t\0k\0--\0true\0"s),
            "run\0-s\0mysql://me:***@h/db?table=t\0k\0--\0true\0"s);
  EXPECT_EQ(shown_command("run\0--store=postgres://h/db?password=hush"s), "run\0--store=postgres://h/db?password=***"s);
  EXPECT_EQ(shown_command("-smysql://me:hush@h/db"s), "-smysql://me:***@h/db");
  EXPECT_EQ(shown_command("sh\0-c\0psql 'postgres://me:hush@h/db' -c 'select 1' | mail x@y"s),
            "sh\0-c\0psql 'postgres://me:***@h/db' -c 'select 1' | mail x@y"s);
  for (const auto& text :
       {"mysql://me:hu hush@h/db"s, "mysql://me:hush"s, "mysql://me:x/hush@h/db"s, "mysql://me:'hush@h"s})
    EXPECT_EQ(shown_command(text).find("hush"), std::string::npos) << shown_command(text);
  EXPECT_EQ(shown_command("-s\0unix:/run/redis.sock?password=hush"s), "-s\0unix:/run/redis.sock?password=***"s);
  for (const auto& text :
       {"--a=postgres://h/db --b=postgres://me:hush@h/db"s, "postgres://h/db|postgres://me:hush@h/db"s,
        "http://h/p?next=postgres://me:hush@h/db"s, "A=http://h/ B=postgres://me:hush@h/db run"s})
    EXPECT_EQ(shown_command(text).find("hush"), std::string::npos) << shown_command(text);
  for (const auto& text : {""s, "\0"s, "a\0\0b"s, "x@y:z"s, "https://example.org/a?b=c#d"s, "://"s, "a b://"s})
    EXPECT_EQ(shown_command(text), text);
}

}  // namespace holdfast::core
