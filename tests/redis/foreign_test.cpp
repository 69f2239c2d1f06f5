#include "redis/scripts_fixture.hpp"

/// Other clients of the common protocol on the same key, and keys that are no locks.
namespace holdfast::redis::test {
namespace {

class redis_foreign : public with_scripts {
 protected:
  static constexpr const char* compare_and_delete =
      "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end";
};

TEST_F(redis_foreign, their_lock_keeps_us_out) {
  const auto store = open();
  EXPECT_EQ(cli({"SET", "k", "v", "NX", "PX", "30000"}), "OK");
  EXPECT_EQ(store->acquire(ask("k"), false, by()).is, outcome::busy);
  const auto waiting = ask("k");
  const auto answer = store->acquire(waiting, true, by());
  EXPECT_EQ(answer.is, outcome::queued);
  EXPECT_GT(answer.look_again, 20s);
  EXPECT_EQ(cli({"EVAL", compare_and_delete, "1", "k", "v"}), "1");
  EXPECT_EQ(beat(*store, waiting), core::wait_verdict::your_turn);
  EXPECT_EQ(store->claim(waiting, by()).is, outcome::granted);
  EXPECT_TRUE(warnings().empty());
}

TEST_F(redis_foreign, our_lock_keeps_them_out) {
  const auto store = open();
  const auto mine = ask("k");
  const auto token = grant(*store, mine);
  EXPECT_EQ(cli({"GET", "k"}), mine.owner.hex());
  EXPECT_EQ(cli({"SET", "k", "v", "NX", "PX", "30000"}), "");
  EXPECT_EQ(cli({"EVAL", compare_and_delete, "1", "k", "v"}), "0");
  EXPECT_EQ(renew(*store, mine), core::renew_verdict::renewed);
  EXPECT_EQ(release(*store, mine, token), released::released);
  EXPECT_EQ(cli({"SET", "k", "v", "NX", "PX", "30000"}), "OK");
}

TEST_F(redis_foreign, a_hand_off_keeps_them_out) {
  const auto store = open();
  const auto mine = ask("k");
  const auto token = grant(*store, mine);
  const auto next = ask("k");
  queue(*store, next);
  release(*store, mine, token);
  EXPECT_EQ(cli({"SET", "k", "v", "NX", "PX", "30000"}), "");
  EXPECT_EQ(store->claim(next, by()).is, outcome::granted);
}

TEST_F(redis_foreign, a_lock_that_they_took_from_us_is_lost) {
  const auto store = open();
  const auto mine = ask("k");
  const auto token = grant(*store, mine);
  EXPECT_EQ(cli({"SET", "k", "v", "PX", "30000"}), "OK");
  EXPECT_EQ(renew(*store, mine), core::renew_verdict::lost);
  EXPECT_EQ(release(*store, mine, token), released::not_held);
  EXPECT_EQ(cli({"GET", "k"}), "v");
}

TEST_F(redis_foreign, is_shown_with_its_value) {
  const auto store = open();
  cli({"SET", "k", "their value", "PX", "30000"});
  resource_view seen;
  ASSERT_TRUE(store->inspect("k", seen, by()).ok());
  ASSERT_EQ(seen.holders.size(), 1U);
  EXPECT_EQ(seen.holders[0].who.owner, "their value");
  EXPECT_EQ(seen.holders[0].token.value(), 0U);
  EXPECT_GT(seen.holders[0].expires_in, 1s);
  EXPECT_LE(seen.holders[0].expires_in, 30s);
}

TEST_F(redis_foreign, is_not_broken_by_a_token) {
  const auto store = open();
  cli({"SET", "k", "v", "PX", "30000"});
  for (const std::uint64_t token : {0ULL, 17ULL}) {
    const auto how = store->break_lease("k", token, std::nullopt, by());
    EXPECT_EQ(how, errc::wrong_kind);
    EXPECT_NE(how.message().find("DEL"), std::string::npos) << how.message();
  }
  EXPECT_EQ(cli({"GET", "k"}), "v");
}

TEST_F(redis_foreign, is_broken_by_an_owner_that_looks_like_ours) {
  const auto store = open();
  const auto owner = core::owner_id::random();
  cli({"SET", "k", owner.hex(), "PX", "30000"});
  EXPECT_TRUE(store->break_lease("k", std::nullopt, owner, by()).ok());
  EXPECT_EQ(cli({"GET", "k"}), "");
}

TEST_F(redis_foreign, a_key_without_expiry_is_told_once) {
  const auto store = open();
  cli({"SET", "k", "v"});
  EXPECT_EQ(store->acquire(ask("k"), false, by()).is, outcome::busy);
  const auto waiting = ask("k");
  const auto answer = store->acquire(waiting, true, by());
  EXPECT_EQ(answer.is, outcome::queued);
  EXPECT_GE(answer.look_again, 1s);
  EXPECT_EQ(store->claim(waiting, by()).is, outcome::queued);
  ASSERT_EQ(warnings().size(), 1U);
  EXPECT_EQ(warnings()[0], errc::misconfigured);
  EXPECT_NE(warnings()[0].message().find("without expiry"), std::string::npos);
  cli({"DEL", "k"});
  EXPECT_EQ(store->claim(waiting, by()).is, outcome::granted);
}

TEST_F(redis_foreign, a_key_of_another_type_is_a_clear_error) {
  const auto store = open();
  for (const auto& [type, made] : std::vector<std::pair<std::string, std::vector<std::string>>>{
           {"list", {"LPUSH", "k", "1"}}, {"hash", {"HSET", "k", "a", "1"}}, {"zset", {"ZADD", "k", "1", "a"}}}) {
    cli({"DEL", "k"});
    cli(made);
    const auto mine = ask("k");
    for (const bool wait : {true, false}) {
      const auto answer = store->acquire(mine, wait, by());
      EXPECT_EQ(answer.is, outcome::failed);
      EXPECT_FALSE(answer.unknown);
      EXPECT_EQ(answer.why, errc::wrong_kind);
      EXPECT_NE(answer.why.message().find(type), std::string::npos) << answer.why.message();
    }
    resource_view seen;
    EXPECT_EQ(store->inspect("k", seen, by()), errc::wrong_kind);
    EXPECT_EQ(store->break_lease("k", 1, std::nullopt, by()), errc::wrong_kind);
    EXPECT_EQ(store->claim(mine, by()).why, errc::wrong_kind);
    EXPECT_EQ(renew(*store, mine), core::renew_verdict::lost);
    EXPECT_EQ(release(*store, mine, 1), released::not_held);
    EXPECT_TRUE(store->withdraw({"k", mine.owner}, by()).done);
    EXPECT_EQ(cli({"TYPE", "k"}), type);
  }
}

TEST_F(redis_foreign, names_that_read_as_side_keys_are_refused) {
  const auto store = open();
  const auto name = lease_of("k");
  const auto answer = store->acquire(ask(name), true, by());
  EXPECT_EQ(answer.is, outcome::failed);
  EXPECT_FALSE(answer.unknown);
  EXPECT_EQ(answer.why, errc::invalid_argument);
  EXPECT_NE(answer.why.message().find(name), std::string::npos);
  resource_view seen;
  EXPECT_EQ(store->inspect(name, seen, by()), errc::invalid_argument);
  EXPECT_EQ(store->break_lease(name, 1, std::nullopt, by()), errc::invalid_argument);
  EXPECT_EQ(cli({"DBSIZE"}), "0");
}

TEST_F(redis_foreign, names_of_one_tag_are_locks_of_their_own) {
  const auto store = open();
  for (const auto* name : {"{u}a", "{u}b", "u", "a}b", "{}x", "}"}) grant(*store, ask(name));
  resource_page page;
  ASSERT_TRUE(store->list("{u}", "", 10, page, by()).ok());
  EXPECT_EQ(page.resources.size(), 2U);
}

}  // namespace
}  // namespace holdfast::redis::test
