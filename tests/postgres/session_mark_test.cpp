#include <gtest/gtest.h>

#include <random>

#include "store/postgres/session_mark.hpp"

/// What a session says of itself, without a server.
namespace holdfast::postgres::test {
namespace {

TEST(session_mark_test, a_mark_tells_what_was_written) {
  std::mt19937 random{20};
  for (int i = 0; i < 2000; ++i) {
    session_mark what;
    for (std::size_t size = 1 + random() % 255; what.name.size() < size;)
      what.name.push_back(static_cast<char>(1 + random() % 255));
    for (std::size_t size = random() % 60; what.party.size() < size;)
      what.party.push_back(static_cast<char>(random() % 256));
    what.ttl_ms = static_cast<std::int64_t>(random());
    const auto text = write_mark(what);
    EXPECT_LT(text.size(), 1024U);
    EXPECT_EQ(text.find("*/"), text.size() - 3);
    const auto read = read_mark(text + "SELECT 1");
    ASSERT_TRUE(read);
    EXPECT_EQ(read->name, what.name);
    EXPECT_EQ(read->ttl_ms, what.ttl_ms);
    EXPECT_TRUE(what.party.starts_with(read->party));
  }
  EXPECT_EQ(read_mark(write_mark({"r", 5, "pid=1\nhost=a b\n"}))->party, "pid=1\nhost=a b\n");
  for (const auto* text : {"", "SELECT 1", "/*holdfast */ SELECT 1", "/*holdfast ttl=1 */", "/*holdfast"})
    EXPECT_FALSE(read_mark(text)) << text;
}

TEST(session_mark_test, a_title_tells_owner_and_token) {
  const auto owner = core::owner_id::random();
  const auto held = read_title("holdfast 1795718423419188 " + owner.hex());
  ASSERT_TRUE(held);
  EXPECT_EQ(held->owner, owner);
  EXPECT_EQ(held->token, 1795718423419188U);
  EXPECT_TRUE(held->claimed);
  EXPECT_FALSE(read_title("holdfast 5 " + owner.hex() + " ?")->claimed);
  EXPECT_EQ(read_title("holdfast waits " + owner.hex())->token, 0U);
  for (const std::string text : {"", "holdfast", "psql", "holdfast 5", "holdfast x ", "holdfast 5 abc"})
    EXPECT_FALSE(read_title(text)) << text;
  EXPECT_FALSE(read_title("holdfast -5 " + owner.hex()));
  EXPECT_FALSE(read_title("holdfast 5 " + owner.hex() + " !"));
}

}  // namespace
}  // namespace holdfast::postgres::test
