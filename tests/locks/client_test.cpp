#include "holdfast/client.hpp"

#include <gtest/gtest.h>

#include <string>

#include "holdfast/holdfast.hpp"

namespace {

using namespace std::chrono_literals;
using holdfast::client;
using holdfast::errc;

std::error_code code_of(std::string_view url, holdfast::client_options options = {}) {
  try {
    const client c{url, options};
    return {};
  } catch (const holdfast::error& e) {
    EXPECT_EQ(std::string{e.what()}.find("secret"), std::string::npos) << e.what();
    return e.code();
  }
}

TEST(client, refuses_bad_urls_without_repeating_a_password) {
  EXPECT_EQ(code_of(""), errc::invalid_argument);
  EXPECT_EQ(code_of("no scheme"), errc::invalid_argument);
  EXPECT_EQ(code_of("nosuch://user:secret@host"), errc::invalid_argument);
  EXPECT_EQ(code_of("nosuch://user:secret@host:port:port"), errc::invalid_argument);
  EXPECT_EQ(code_of("memory:", {.command_timeout = 0s}), errc::invalid_argument);
}

TEST(client, says_when_a_store_is_not_built_in) { EXPECT_EQ(code_of("etcd://user:secret@host"), errc::misconfigured); }

TEST(client, pings_and_tells_its_store) {
  client c{"memory:shop"};
  EXPECT_TRUE(c.ping().ok());
  EXPECT_EQ(c.store(), "memory:shop");
  EXPECT_TRUE(c.close(1s).ok());
  EXPECT_TRUE(c.ping() == errc::closed);
  EXPECT_TRUE(c.close(1s).ok());
}

TEST(client, a_private_memory_is_private_and_a_named_one_is_shared) {
  client one{"memory:"};
  client two{"memory:"};
  const auto a = one.acquire("k");
  const auto b = two.acquire("k", {}, {.timeout = 0s});
  EXPECT_TRUE(a.lease().held() && b.lease().held());
  client three{"memory:client-test"};
  client four{"memory:client-test"};
  const auto c = three.acquire("k");
  holdfast::held_lock d;
  EXPECT_TRUE(four.acquire(d, "k", {}, {.timeout = 0s}) == errc::busy);
}

TEST(client, lists_what_is_held_or_waited_for) {
  client c{"memory:"};
  const auto a = c.acquire("a/1");
  const auto b = c.acquire("a/2");
  const auto other = c.acquire("b");
  holdfast::resource_page page;
  ASSERT_TRUE(c.list("a/", "", page).ok());
  ASSERT_EQ(page.resources.size(), 2U);
  EXPECT_EQ(page.resources[0].name, "a/1");
  EXPECT_EQ(page.resources[1].name, "a/2");
  EXPECT_EQ(page.next, "");
}

TEST(client, breaks_a_lease_by_token_or_owner_only) {
  client c{"memory:"};
  const auto a = c.acquire("a");
  EXPECT_TRUE(c.break_lease("a", holdfast::fencing_token{1}) == errc::not_held);
  EXPECT_TRUE(c.break_owner("a", "not hex") == errc::invalid_argument);
  EXPECT_TRUE(c.break_owner("a", std::string(32, '1')) == errc::not_held);
  EXPECT_TRUE(c.break_owner("a", std::string(32, '0')) == errc::not_held);
  EXPECT_TRUE(c.break_owner("a", a.lease().owner()).ok());
  EXPECT_TRUE(c.break_lease("a", a.lease().token()) == errc::not_held);
}

TEST(client, one_that_was_moved_from_says_so) {
  client c{"memory:"};
  const client moved = std::move(c);
  EXPECT_TRUE(c.ping() == errc::closed);  // NOLINT(bugprone-use-after-move): that is what is tested
  EXPECT_THROW((holdfast::mutex{c, "k"}), holdfast::error);
}

}  // namespace
