#include "store/redis/parser.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>

#include "store/redis/wire.hpp"

namespace holdfast::redis::test {

namespace {

using ::testing::HasSubstr;
using kind = reply::kind;

std::vector<reply> read(std::string_view bytes) {
  parser it;
  std::vector<reply> all;
  EXPECT_TRUE(it.feed(bytes, all)) << it.fault();
  return all;
}

std::string fault_of(std::string_view bytes, parser::limits most = {}) {
  parser it{most};
  std::vector<reply> all;
  EXPECT_FALSE(it.feed(bytes, all));
  EXPECT_FALSE(it.feed("+OK\r\n", all));  // Nothing is trusted after it.
  return it.fault();
}

TEST(redis_parser, every_kind_of_reply) {
  const auto all = read("+OK\r\n-ERR no\r\n:-12\r\n$3\r\na\r\n\r\n$-1\r\n*-1\r\n*0\r\n*2\r\n:1\r\n*1\r\n$1\r\nx\r\n");
  ASSERT_EQ(all.size(), 8U);
  EXPECT_EQ(all[0].text, "OK");
  EXPECT_EQ(all[1].is, kind::error);
  EXPECT_EQ(all[1].text, "ERR no");
  EXPECT_EQ(all[2].number, -12);
  EXPECT_EQ(all[3].text, "a\r\n");
  EXPECT_EQ(all[4].is, kind::nil);
  EXPECT_EQ(all[5].is, kind::nil);
  EXPECT_EQ(all[6].is, kind::array);
  EXPECT_TRUE(all[6].items.empty());
  ASSERT_EQ(all[7].items.size(), 2U);
  EXPECT_EQ(all[7].items[1].items.at(0).text, "x");
}

TEST(redis_parser, what_is_no_reply_is_refused) {
  EXPECT_THAT(fault_of("HTTP/1.1 400\r\n"), HasSubstr("Protocol error"));
  EXPECT_THAT(fault_of(">2\r\n"), HasSubstr("Protocol error"));
  EXPECT_THAT(fault_of(":12x\r\n"), HasSubstr("integer"));
}

TEST(redis_parser, what_a_server_can_make_us_keep_is_bounded) {
  EXPECT_THAT(fault_of("$1000000\r\n" + std::string(2000, 'x'), {.bytes = 1000}), HasSubstr("too long"));
  EXPECT_THAT(fault_of("+" + std::string(parser::limits::line + 10, 'x')), HasSubstr("no end"));
  std::string many = "*1000\r\n";
  for (int i = 0; i < 1000; ++i) many += ":1\r\n";
  EXPECT_THAT(fault_of(many, {.elements = 100}), HasSubstr("too many elements"));
  std::string deep;
  for (int i = 0; i < 50; ++i) deep += "*1\r\n";
  EXPECT_THAT(fault_of(deep), HasSubstr("nested"));
  // The promise of much costs nothing.
  EXPECT_TRUE(read("*2147483647\r\n").empty());
}

TEST(redis_parser, many_small_replies_are_no_long_one) {
  parser it{{.bytes = 100}};
  std::vector<reply> all;
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(it.feed("+OK\r\n+OK", all) && it.feed("\r\n", all));
  EXPECT_EQ(all.size(), 2000U);
}

RC_GTEST_PROP(redis_parser_property, cuts_change_nothing, ()) {
  const auto words = *rc::gen::nonEmpty(
      rc::gen::container<std::vector<std::string>>(rc::gen::container<std::string>(rc::gen::arbitrary<char>())));
  // A command is an array of texts, and so is a reply.
  std::string bytes;
  append_command(bytes, std::vector<std::string_view>(words.begin(), words.end()));
  bytes += bytes;
  parser it;
  std::vector<reply> all;
  for (std::string_view left{bytes}; !left.empty();) {
    const auto size = *rc::gen::inRange<std::size_t>(1, left.size() + 1);
    RC_ASSERT(it.feed(left.substr(0, size), all));
    left.remove_prefix(size);
  }
  RC_ASSERT(all.size() == 2U);
  for (const auto& each : all) {
    RC_ASSERT(each.items.size() == words.size());
    for (std::size_t i = 0; i < words.size(); ++i) RC_ASSERT(each.items[i].text == words[i]);
  }
}

}  // namespace

}  // namespace holdfast::redis::test
