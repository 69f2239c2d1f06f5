#include "conformance/suite.hpp"

namespace holdfast::conformance {

TEST_F(conformance, inspect_of_a_free_resource_is_empty) {
  const auto view = inspect(*a_, "r");
  EXPECT_TRUE(view.holders.empty());
  EXPECT_TRUE(view.waiters.empty());
}

TEST_F(conformance, inspect_shows_holder_and_waiters) {
  const auto holder = ask("r");
  const auto token = grant(*a_, holder);
  const auto first = ask("r");
  const auto second = ask("r");
  queue(*b_, first);
  queue(*b_, second);
  site_->pass(10ms);
  const auto view = inspect(*b_, "r");
  ASSERT_EQ(view.holders.size(), 1U);
  const auto& held = view.holders[0];
  EXPECT_EQ(held.who.owner, holder.owner.hex());
  EXPECT_EQ(held.who.host, "here");
  EXPECT_EQ(held.who.pid, 42);
  EXPECT_EQ(held.who.user, "me");
  EXPECT_EQ(held.who.command, "sleep 5");
  EXPECT_EQ(held.who.note, "n");
  EXPECT_EQ(held.token.value(), token);
  EXPECT_TRUE(held.claimed);
  EXPECT_GE(held.held_for, 10ms);
  EXPECT_LE(held.held_for, 30s);
  EXPECT_GT(held.expires_in, lasting - 30s);
  EXPECT_LE(held.expires_in, lasting);
  ASSERT_EQ(view.waiters.size(), 2U);
  EXPECT_EQ(view.waiters[0].who.owner, first.owner.hex());
  EXPECT_EQ(view.waiters[0].who.pid, 42);
  EXPECT_GE(view.waiters[0].waiting_for, 10ms);
  EXPECT_LE(view.waiters[0].waiting_for, 30s);
  EXPECT_TRUE(view.waiters[0].alive);
  EXPECT_EQ(view.waiters[1].who.owner, second.owner.hex());
}

TEST_F(conformance, inspect_shows_a_hand_off_as_unclaimed) {
  const auto holder = ask("r");
  const auto token = grant(*a_, holder);
  const auto next = ask("r");
  queue(*b_, next);
  release(*a_, holder, token);
  auto view = inspect(*a_, "r");
  ASSERT_EQ(view.holders.size(), 1U);
  EXPECT_EQ(view.holders[0].who.owner, next.owner.hex());
  EXPECT_EQ(view.holders[0].who.pid, 42);
  EXPECT_FALSE(view.holders[0].claimed);
  const auto seen = view.holders[0].token.value();
  EXPECT_EQ(take_up(*b_, next), seen);  // The token was given at the hand-off.
  view = inspect(*a_, "r");
  ASSERT_EQ(view.holders.size(), 1U);
  EXPECT_TRUE(view.holders[0].claimed);
}

TEST_F(conformance, inspect_does_not_show_what_is_over) {
  grant(*a_, ask("r", brief()));
  run_out(brief());
  EXPECT_TRUE(inspect(*a_, "r").holders.empty());
  const auto what = ask("s");
  const auto token = grant(*a_, what);
  release(*a_, what, token);
  EXPECT_TRUE(inspect(*a_, "s").holders.empty());
}

TEST_F(conformance, inspect_takes_any_party_text) {
  auto odd = ask("r");
  odd.party = std::string{"no equals\n=\nhost=\x80\xff\nnote=\\n\npid=x\n"} + std::string(3000, 'x');
  grant(*a_, odd);
  auto none = ask("s");
  none.party.clear();
  grant(*a_, none);
  ASSERT_EQ(inspect(*b_, "r").holders.size(), 1U);
  EXPECT_EQ(inspect(*b_, "r").holders[0].who.pid, 0);
  ASSERT_EQ(inspect(*b_, "s").holders.size(), 1U);
  EXPECT_EQ(inspect(*b_, "s").holders[0].who.host, "");
}

TEST_F(conformance, list_shows_what_is_held_in_the_order_of_bytes) {
  for (const auto* name : {"b", "a", "\xc3\xa4", "B", "a/b", "a b"}) grant(*a_, ask(name));
  const auto gone = ask("c");
  release(*a_, gone, grant(*a_, gone));
  grant(*a_, ask("d", brief()));
  run_out(brief());
  queue(*b_, ask("a"));
  resource_page page;
  ASSERT_TRUE(b_->list("", "", 100, page, by()).ok());
  EXPECT_EQ(page.next, "");
  std::vector<std::string> names;
  for (const auto& each : page.resources) {
    names.push_back(each.name);
    EXPECT_EQ(each.holders.size(), 1U) << each.name;
    EXPECT_EQ(each.waiters.size(), each.name == "a" ? 1U : 0U);
  }
  EXPECT_THAT(names, testing::ElementsAre("B", "a", "a b", "a/b", "b", "\xc3\xa4"));
}

TEST_F(conformance, list_by_prefix) {
  for (const auto* name : {"job", "job/1", "job/2", "job%", "jo", "k", "JOB/3"}) grant(*a_, ask(name));
  const auto names = [&](std::string_view prefix) {
    resource_page page;
    EXPECT_TRUE(b_->list(prefix, "", 100, page, by()).ok());
    std::vector<std::string> found;
    for (const auto& each : page.resources) found.push_back(each.name);
    return found;
  };
  EXPECT_THAT(names("job"), testing::ElementsAre("job", "job%", "job/1", "job/2"));
  EXPECT_THAT(names("job/"), testing::ElementsAre("job/1", "job/2"));
  EXPECT_THAT(names("job%"), testing::ElementsAre("job%"));
  EXPECT_THAT(names("none"), testing::IsEmpty());
}

TEST_F(conformance, list_by_a_prefix_of_the_highest_bytes) {
  grant(*a_, ask("\xff\xff"));
  grant(*a_, ask("\xff\xff\xff"));
  grant(*a_, ask("\xfe"));
  resource_page page;
  ASSERT_TRUE(b_->list("\xff\xff", "", 100, page, by()).ok());
  EXPECT_EQ(page.resources.size(), 2U);
}

TEST_F(conformance, list_in_pages) {
  for (int i = 0; i < 25; ++i) grant(*a_, ask("p" + std::to_string(100 + i)));
  grant(*a_, ask("q"));
  std::vector<std::string> names;
  std::string cursor;
  int pages = 0;
  do {
    resource_page page;
    ASSERT_TRUE(b_->list("p", cursor, 10, page, by()).ok());
    EXPECT_LE(page.resources.size(), 10U);
    for (const auto& each : page.resources) names.push_back(each.name);
    cursor = page.next;
    ASSERT_LT(++pages, 10);
  } while (!cursor.empty());
  ASSERT_EQ(names.size(), 25U);
  for (int i = 0; i < 25; ++i) EXPECT_EQ(names[static_cast<std::size_t>(i)], "p" + std::to_string(100 + i));
}

TEST_F(conformance, list_of_exactly_one_page_ends) {
  for (int i = 0; i < 5; ++i) grant(*a_, ask("p" + std::to_string(i)));
  resource_page page;
  ASSERT_TRUE(b_->list("", "", 5, page, by()).ok());
  EXPECT_EQ(page.resources.size(), 5U);
  if (!page.next.empty()) {
    resource_page rest;
    ASSERT_TRUE(b_->list("", page.next, 5, rest, by()).ok());
    EXPECT_TRUE(rest.resources.empty());
    EXPECT_TRUE(rest.next.empty());
  }
}

TEST_F(conformance, break_by_token) {
  const auto what = ask("r");
  const auto token = grant(*a_, what);
  EXPECT_EQ(b_->break_lease("r", token + 1, std::nullopt, by()), errc::not_held);
  EXPECT_TRUE(occupied(*b_, "r"));
  EXPECT_TRUE(b_->break_lease("r", token, std::nullopt, by()).ok());
  EXPECT_FALSE(occupied(*b_, "r"));
  EXPECT_EQ(renew(*a_, what), core::renew_verdict::lost);
  EXPECT_EQ(release(*a_, what, token), release_outcome::not_held);
}

TEST_F(conformance, break_by_owner) {
  const auto what = ask("r");
  grant(*a_, what);
  EXPECT_EQ(b_->break_lease("r", std::nullopt, core::owner_id::random(), by()), errc::not_held);
  EXPECT_TRUE(b_->break_lease("r", std::nullopt, what.owner, by()).ok());
  EXPECT_FALSE(occupied(*b_, "r"));
}

TEST_F(conformance, break_of_what_is_over_is_not_held) {
  const auto what = ask("r", brief());
  const auto token = grant(*a_, what);
  run_out(brief());
  EXPECT_EQ(b_->break_lease("r", token, std::nullopt, by()), errc::not_held);
  EXPECT_EQ(b_->break_lease("never heard of", 1, std::nullopt, by()), errc::not_held);
}

TEST_F(conformance, break_of_a_waiter_is_not_held) {
  grant(*a_, ask("r"));
  const auto what = ask("r");
  queue(*b_, what);
  EXPECT_EQ(b_->break_lease("r", std::nullopt, what.owner, by()), errc::not_held);
  EXPECT_EQ(claim(*b_, what).is, outcome::queued);
}

TEST_F(conformance, break_hands_on_to_the_next) {
  const auto token = grant(*a_, ask("r"));
  const auto next = ask("r");
  queue(*b_, next);
  EXPECT_TRUE(b_->break_lease("r", token, std::nullopt, by()).ok());
  EXPECT_EQ(heartbeat(*b_, next), core::wait_verdict::your_turn);
  EXPECT_GT(take_up(*b_, next), token);
}

}  // namespace holdfast::conformance
