#include <gmock/gmock.h>

#include "fixture.hpp"

namespace holdfast::sqlite::test {
namespace {

using release_outcome = core::release_answer::outcome;

class sqlite_protocol : public with_store {
 protected:
  std::unique_ptr<core::store> store = open(path);

  core::turn_answer acquire(const core::request& what, bool wait = true) {
    auto answer = store->acquire(what, wait, soon());
    EXPECT_TRUE(answer.why.ok()) << answer.why.message();
    return answer;
  }
  core::turn_answer claim(const core::request& what) {
    auto answer = store->claim(what, soon());
    EXPECT_TRUE(answer.why.ok()) << answer.why.message();
    return answer;
  }
  release_outcome release(const core::request& what, std::uint64_t token) {
    return store->release(lease_of(what, token), soon()).is;
  }
  resource_view inspect(std::string_view name) {
    resource_view view;
    EXPECT_TRUE(store->inspect(name, view, soon()).ok());
    return view;
  }
  void let_pass(duration span) {
    const auto by = boot_clock::now() + span;
    ASSERT_TRUE(eventually([&] { return boot_clock::now() > by; }));
  }
};

TEST_F(sqlite_protocol, grants_what_is_free) {
  const auto a = ask_for("a");
  const auto before = boot_clock::now();
  const auto answer = acquire(a);
  ASSERT_EQ(answer.is, outcome::granted);
  EXPECT_EQ(answer.ttl, 30s);
  EXPECT_GE(answer.sent, before);
  EXPECT_LE(answer.sent, boot_clock::now());
  EXPECT_GT(answer.token, 0u);
  EXPECT_LT(answer.token, std::uint64_t{1} << 53);
}

TEST_F(sqlite_protocol, answers_busy_and_leaves_nothing) {
  const auto a = ask_for("a");
  const auto b = ask_for("a");
  acquire(a);
  EXPECT_EQ(acquire(b, false).is, outcome::busy);
  EXPECT_TRUE(inspect("a").waiters.empty());
  EXPECT_EQ(claim(b).is, outcome::gone);
}

TEST_F(sqlite_protocol, repeats_the_token_to_the_same_owner) {
  const auto a = ask_for("a");
  const auto token = acquire(a).token;
  EXPECT_EQ(acquire(a).token, token);
  EXPECT_EQ(claim(a).token, token);
}

TEST_F(sqlite_protocol, gives_higher_tokens_and_honours_the_reserve) {
  const auto a = ask_for("a", 30s, 1000000000);
  const auto first = acquire(a).token;
  EXPECT_EQ(release(a, first + 5000000), release_outcome::released);
  const auto b = ask_for("a", 100ms, 1000000000);
  const auto second = acquire(b).token;
  EXPECT_EQ(second, first + 5000001);
  let_pass(110ms);
  EXPECT_GT(acquire(ask_for("a")).token, second + 1000000000);
}

TEST_F(sqlite_protocol, a_late_release_frees_nobody_else) {
  const auto a = ask_for("a", 100ms);
  const auto token = acquire(a).token;
  let_pass(110ms);
  const auto b = ask_for("a");
  ASSERT_EQ(acquire(b).is, outcome::granted);
  EXPECT_EQ(release(a, token), release_outcome::not_held);
  EXPECT_EQ(inspect("a").holders.at(0).who.owner, b.owner.hex());
}

TEST_F(sqlite_protocol, an_expired_lease_is_neither_renewed_nor_released) {
  const auto a = ask_for("a", 100ms);
  const auto token = acquire(a).token;
  let_pass(110ms);
  const std::array leases{lease_of(a, token)};
  std::array verdicts{core::renew_verdict::unknown};
  EXPECT_TRUE(store->renew(leases, verdicts, soon()).why.ok());
  EXPECT_EQ(verdicts[0], core::renew_verdict::lost);
  EXPECT_EQ(release(a, token), release_outcome::not_held);
}

TEST_F(sqlite_protocol, a_repeated_acquire_after_expiry_gets_a_new_token) {
  const auto a = ask_for("a", 100ms);
  const auto token = acquire(a).token;
  let_pass(110ms);
  EXPECT_GT(acquire(a).token, token);
}

TEST_F(sqlite_protocol, renews_by_owner) {
  const auto a = ask_for("a", 500ms);
  const auto b = ask_for("a");
  const auto token = acquire(a).token;
  const std::array leases{lease_of(a, token, 30s), lease_of(b, token, 30s)};
  std::array verdicts{core::renew_verdict::unknown, core::renew_verdict::unknown};
  EXPECT_TRUE(store->renew(leases, verdicts, soon()).why.ok());
  EXPECT_EQ(verdicts[0], core::renew_verdict::renewed);
  EXPECT_EQ(verdicts[1], core::renew_verdict::lost);
  EXPECT_GT(inspect("a").holders.at(0).expires_in, 20s);
}

TEST_F(sqlite_protocol, hands_off_in_the_order_of_arrival) {
  std::vector<core::request> line;
  for (int i = 0; i < 6; ++i) line.push_back(ask_for("a"));
  auto token = acquire(line[0]).token;
  for (std::size_t i = 1; i < line.size(); ++i) {
    const auto answer = acquire(line[i]);
    ASSERT_EQ(answer.is, outcome::queued);
    EXPECT_EQ(answer.position, i - 1);
    EXPECT_GT(answer.look_again, 0s);
    EXPECT_LT(answer.look_again, 10s);
    EXPECT_EQ(acquire(line[i]).position, i - 1);  // Repeated: the same place.
  }
  for (std::size_t i = 1; i < line.size(); ++i) {
    ASSERT_EQ(release(line[i - 1], token), release_outcome::released);
    EXPECT_FALSE(inspect("a").holders.at(0).claimed);
    if (i + 1 < line.size()) {
      EXPECT_EQ(claim(line[i + 1]).is, outcome::queued);
    }
    const auto answer = claim(line[i]);
    ASSERT_EQ(answer.is, outcome::granted);
    EXPECT_GT(answer.token, token);
    EXPECT_TRUE(inspect("a").holders.at(0).claimed);
    token = answer.token;
  }
  EXPECT_EQ(release(line.back(), token), release_outcome::released);
  EXPECT_TRUE(inspect("a").holders.empty());
}

TEST_F(sqlite_protocol, nobody_overtakes_a_queue) {
  const auto a = ask_for("a", 100ms);
  const auto b = ask_for("a");
  acquire(a);
  acquire(b);
  let_pass(110ms);
  EXPECT_EQ(acquire(ask_for("a"), false).is, outcome::busy);  // Hands the expired resource to b.
  EXPECT_EQ(claim(b).is, outcome::granted);
}

TEST_F(sqlite_protocol, a_hand_off_without_claim_passes_on_after_the_window) {
  const auto a = ask_for("a");
  const auto b = ask_for("a");
  const auto c = ask_for("a");
  const auto token = acquire(a).token;
  acquire(b);
  acquire(c);
  release(a, token);
  const std::array waiters{core::waiter_ref{"a", b.owner}, core::waiter_ref{"a", c.owner}};
  std::array verdicts{core::wait_verdict::unknown, core::wait_verdict::unknown};
  ASSERT_TRUE(store->heartbeat(waiters, verdicts, soon()).ok());
  EXPECT_EQ(verdicts[0], core::wait_verdict::your_turn);
  EXPECT_EQ(verdicts[1], core::wait_verdict::waiting);
  const auto answer = claim(c);
  ASSERT_EQ(answer.is, outcome::queued);
  EXPECT_LE(answer.look_again, store->traits().claim_window + 10ms);
  let_pass(store->traits().claim_window + 10ms);
  ASSERT_TRUE(store->heartbeat(waiters, verdicts, soon()).ok());
  EXPECT_EQ(verdicts[0], core::wait_verdict::gone);
  EXPECT_EQ(verdicts[1], core::wait_verdict::your_turn);
  EXPECT_EQ(claim(b).is, outcome::gone);
  EXPECT_EQ(claim(c).is, outcome::granted);
}

TEST_F(sqlite_protocol, after_a_missed_hand_off_only_those_that_show_up_are_handed_it) {
  const auto holder = ask_for("a");
  const auto token = acquire(holder).token;
  const std::array asked{ask_for("a"), ask_for("a"), ask_for("a"), ask_for("a"), ask_for("a")};
  const auto& [silent_1, silent_2, alive_1, silent_3, alive_2] = asked;
  for (const auto& each : asked) ASSERT_EQ(acquire(each).is, outcome::queued);
  const std::array waiters{core::waiter_ref{"a", alive_1.owner}, core::waiter_ref{"a", alive_2.owner}};
  std::array verdicts{core::wait_verdict::unknown, core::wait_verdict::unknown};
  using verdict = core::wait_verdict;
  const auto window = store->traits().claim_window + 10ms;

  release(holder, token);  // to silent_1, and then to silent_2
  let_pass(window);
  ASSERT_TRUE(store->heartbeat(waiters, verdicts, soon()).ok());
  EXPECT_THAT(verdicts, ::testing::ElementsAre(verdict::waiting, verdict::waiting));
  ASSERT_TRUE(store->heartbeat(waiters, verdicts, soon()).ok());
  let_pass(window);
  ASSERT_TRUE(store->heartbeat(waiters, verdicts, soon()).ok());
  EXPECT_THAT(verdicts, ::testing::ElementsAre(verdict::your_turn, verdict::waiting));

  resource_view view;
  ASSERT_TRUE(store->inspect("a", view, soon()).ok());
  ASSERT_EQ(view.waiters.size(), 2u);
  EXPECT_FALSE(view.waiters[0].alive);
  EXPECT_TRUE(view.waiters[1].alive);
  const auto turn = claim(alive_1);
  ASSERT_EQ(turn.is, outcome::granted);
  release(alive_1, turn.token);  // not to silent_3
  EXPECT_EQ(claim(alive_2).is, outcome::granted);
  EXPECT_EQ(claim(silent_3).is, outcome::gone);
}

TEST_F(sqlite_protocol, who_shows_up_late_keeps_its_place) {
  const auto holder = ask_for("a");
  const auto token = acquire(holder).token;
  const auto silent = ask_for("a");
  const auto busy = ask_for("a");
  const auto late = ask_for("a");
  for (const auto& each : {silent, busy, late}) ASSERT_EQ(acquire(each).is, outcome::queued);
  release(holder, token);
  let_pass(store->traits().claim_window + 10ms);
  const auto turn = claim(busy);
  ASSERT_EQ(turn.is, outcome::granted);
  let_pass(store->traits().claim_window + 10ms);
  EXPECT_EQ(claim(late).is, outcome::queued);
  ASSERT_EQ(acquire(ask_for("a")).is, outcome::queued);
  release(busy, turn.token);
  EXPECT_EQ(claim(late).is, outcome::granted);
}

TEST_F(sqlite_protocol, withdraws_a_place_a_hand_off_and_a_grant) {
  const auto a = ask_for("a");
  const auto b = ask_for("a");
  const auto c = ask_for("a");
  const auto d = ask_for("a");
  acquire(a);
  acquire(b);
  acquire(c);
  acquire(d);
  const auto withdraw = [&](const core::request& what) {
    const auto answer = store->withdraw({what.resource, what.owner}, soon());
    EXPECT_TRUE(answer.done);
    EXPECT_TRUE(answer.conclusive);
  };
  withdraw(c);
  EXPECT_EQ(inspect("a").waiters.size(), 2u);
  withdraw(a);  // A grant: b's turn.
  EXPECT_EQ(inspect("a").holders.at(0).who.owner, b.owner.hex());
  withdraw(b);  // A hand-off: d's turn.
  EXPECT_EQ(inspect("a").holders.at(0).who.owner, d.owner.hex());
  withdraw(d);
  EXPECT_TRUE(inspect("a").holders.empty());
  withdraw(d);
}

TEST_F(sqlite_protocol, breaks_by_token_or_owner) {
  const auto a = ask_for("a");
  const auto b = ask_for("a");
  const auto token = acquire(a).token;
  acquire(b);
  EXPECT_EQ(store->break_lease("a", token + 1, {}, soon()), errc::not_held);
  EXPECT_EQ(store->break_lease("a", {}, b.owner, soon()), errc::not_held);
  EXPECT_EQ(store->break_lease("none", token, {}, soon()), errc::not_held);
  EXPECT_EQ(store->break_lease("a", {}, {}, soon()), errc::invalid_argument);
  EXPECT_TRUE(store->break_lease("a", token, a.owner, soon()).ok());
  EXPECT_EQ(claim(b).is, outcome::granted);
  EXPECT_TRUE(store->break_lease("a", {}, b.owner, soon()).ok());
  EXPECT_TRUE(inspect("a").holders.empty());
}

TEST_F(sqlite_protocol, refuses_what_it_does_not_know) {
  auto shared = ask_for("a");
  shared.mode = core::lock_mode::shared;
  EXPECT_EQ(store->acquire(shared, true, soon()).why, errc::unsupported);
  auto permits = ask_for("a");
  permits.capacity = 2;
  EXPECT_EQ(store->acquire(permits, true, soon()).why, errc::unsupported);
}

TEST_F(sqlite_protocol, names_are_bytes) {
  const std::vector<std::string> names{"a b", "a/b", "a}b", "ä", std::string(255, '\xff'), "a'b\"", "%", "A", "a"};
  for (const auto& name : names) EXPECT_EQ(acquire(ask_for(name)).is, outcome::granted) << name;
  for (const auto& name : names) EXPECT_EQ(acquire(ask_for(name), false).is, outcome::busy) << name;
}

TEST_F(sqlite_protocol, lists_pages_in_the_order_of_bytes) {
  const std::vector<std::string> names{"a", "a\x01", "aa", "a\xff", "a\xff\xff", "b", "\xff", "\xff\xff"};
  for (const auto& name : names) acquire(ask_for(name));
  const auto passing = ask_for("ab");
  release(passing, acquire(passing).token);
  const auto all = [&](std::string_view prefix, std::size_t limit) {
    std::vector<std::string> found;
    std::string cursor;
    do {
      resource_page page;
      EXPECT_TRUE(store->list(prefix, cursor, limit, page, soon()).ok());
      for (const auto& it : page.resources) found.push_back(it.name);
      cursor = page.next;
    } while (!cursor.empty());
    return found;
  };
  for (const std::size_t limit : {1u, 3u, 8u, 100u}) {
    EXPECT_EQ(all("", limit), names);
    EXPECT_EQ(all("a", limit), (std::vector<std::string>{"a", "a\x01", "aa", "a\xff", "a\xff\xff"}));
    EXPECT_EQ(all("a\xff", limit), (std::vector<std::string>{"a\xff", "a\xff\xff"}));
    EXPECT_EQ(all("\xff\xff", limit), (std::vector<std::string>{"\xff\xff"}));
    EXPECT_TRUE(all("c", limit).empty());
  }
}

TEST_F(sqlite_protocol, lists_what_is_only_waited_for) {
  const auto a = ask_for("a", 100ms);
  acquire(a);
  acquire(ask_for("a"));
  let_pass(110ms);
  resource_page page;
  ASSERT_TRUE(store->list("", "", 10, page, soon()).ok());
  ASSERT_EQ(page.resources.size(), 1u);
  EXPECT_TRUE(page.resources[0].holders.empty());
  ASSERT_EQ(page.resources[0].waiters.size(), 1u);
  EXPECT_TRUE(page.resources[0].waiters[0].alive);
  EXPECT_EQ(page.resources[0].waiters[0].who.pid, ::getpid());
}

}  // namespace
}  // namespace holdfast::sqlite::test
