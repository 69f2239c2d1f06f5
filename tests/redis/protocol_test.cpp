#include "store/redis/protocol.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>

#include "store/redis/renewal.hpp"

namespace holdfast::redis {
namespace {

using namespace std::chrono_literals;
using kind = turn_reply::kind;

reply text(std::string value) { return {.is = reply::kind::text, .text = std::move(value)}; }
reply number(std::int64_t value) { return {.is = reply::kind::integer, .number = value}; }
reply list(std::vector<reply> items) { return {.is = reply::kind::array, .items = std::move(items)}; }

rc::Gen<reply> any_reply(int depth) {
  const auto leaf = rc::gen::oneOf(
      rc::gen::map(rc::gen::arbitrary<std::string>(), text), rc::gen::map(rc::gen::arbitrary<std::int64_t>(), number),
      rc::gen::map(rc::gen::element(0, 1, 2, 3, 4, 16), number), rc::gen::just(reply{}),
      rc::gen::map(rc::gen::element<std::string>("clock", "type", "1795643649000000"), text),
      rc::gen::map(rc::gen::arbitrary<std::string>(),
                   [](std::string value) { return reply{.is = reply::kind::error, .text = std::move(value)}; }));
  if (depth == 0) return leaf;
  return rc::gen::oneOf(leaf, rc::gen::map(rc::gen::container<std::vector<reply>>(any_reply(depth - 1)), list));
}

const std::string record =
    "1"
    "0000000000000300"
    "0000000000000200"
    "1"
    "0000000000000150"
    "00112233445566778899aabbccddeeff"
    "host=h\npid=7\n";

TEST(redis_protocol, reads_turns) {
  EXPECT_EQ(read_turn(text("1795643649000000")).is, kind::granted);
  EXPECT_EQ(read_turn(text("1795643649000000")).token, 1795643649000000U);
  EXPECT_EQ(read_turn(number(0)).is, kind::busy);
  EXPECT_EQ(read_turn(number(1)).is, kind::gone);
  EXPECT_EQ(read_turn(number(2)).is, kind::listen_first);
  EXPECT_EQ(read_turn(number(3)).is, kind::busy_for_ever);
  const auto queued = read_turn(list({number(3), number(250)}));
  EXPECT_EQ(queued.is, kind::queued);
  EXPECT_EQ(queued.position, 3U);
  EXPECT_EQ(queued.left, 250);
  EXPECT_EQ(read_turn(list({text("type"), text("zset")})).is, kind::wrong_type);
  EXPECT_EQ(read_turn(list({text("type"), text("zset")})).type, "zset");
  EXPECT_EQ(read_turn(list({text("clock")})).is, kind::no_token);
}

TEST(redis_protocol, garbage_is_no_turn) {
  for (const auto& bad :
       {text(""), text("12x"), text("-5"), text("0"), text("9007199254740992"), number(-1), number(4),
        number(1LL << 40), reply{}, list({}), list({number(1)}), list({number(-1), number(0)}),
        list({number(1LL << 40), number(0)}), list({text("type")}), list({text("x")}), list({number(1), text("2")})})
    EXPECT_EQ(read_turn(bad).is, kind::garbage);
}

TEST(redis_protocol, reads_verdicts_of_exactly_so_many) {
  std::array<core::renew_verdict, 2> renewed{};
  EXPECT_TRUE(read_renewals(text("rl"), renewed));
  EXPECT_EQ(renewed[0], core::renew_verdict::renewed);
  EXPECT_EQ(renewed[1], core::renew_verdict::lost);
  for (const auto* bad : {"", "r", "rlr", "rx"}) EXPECT_FALSE(read_renewals(text(bad), renewed));
  EXPECT_FALSE(read_renewals(number(2), renewed));
  std::array<core::wait_verdict, 3> beats{};
  EXPECT_TRUE(read_beats(text("wyg"), beats));
  EXPECT_EQ(beats[1], core::wait_verdict::your_turn);
  EXPECT_FALSE(read_beats(text("wyr"), beats));
}

TEST(redis_protocol, reads_a_view) {
  const std::string owner = "00112233445566778899aabbccddeeff";
  const std::string waiter =
      "0000000000000900"
      "0000000000000400"
      "0000000010" +
      std::string{nowhere} + "pid=9\n";
  resource_view seen;
  ASSERT_TRUE(read_view(list({text(owner), number(1500), text(record), text("0000000000001150"),
                              list({text("w1"), text(waiter), text("w2"), text("short"), text("w3"), reply{}})}),
                        seen));
  ASSERT_EQ(seen.holders.size(), 1U);
  EXPECT_EQ(seen.holders[0].who.owner, owner);
  EXPECT_EQ(seen.holders[0].who.host, "h");
  EXPECT_EQ(seen.holders[0].who.pid, 7);
  EXPECT_EQ(seen.holders[0].token.value(), 200U);
  EXPECT_EQ(seen.holders[0].held_for, 1000us);
  EXPECT_EQ(seen.holders[0].expires_in, 1500ms);
  EXPECT_TRUE(seen.holders[0].claimed);
  ASSERT_EQ(seen.waiters.size(), 1U);
  EXPECT_EQ(seen.waiters[0].who.pid, 9);
  EXPECT_EQ(seen.waiters[0].waiting_for, 750us);
}

TEST(redis_protocol, a_foreign_holder_has_but_its_value) {
  resource_view seen;
  ASSERT_TRUE(read_view(list({text("me!"), number(-1), text(record), text("0000000000001150"), list({})}), seen));
  ASSERT_EQ(seen.holders.size(), 1U);
  EXPECT_EQ(seen.holders[0].who.owner, "me!");
  EXPECT_EQ(seen.holders[0].who.host, "");
  EXPECT_EQ(seen.holders[0].token.value(), 0U);
  EXPECT_GT(seen.holders[0].expires_in, 24h * 300);
}

TEST(redis_protocol, only_the_head_looks_when_the_lease_ends) {
  EXPECT_EQ(look_again(0, 250), 252ms);
  EXPECT_EQ(look_again(0, 0), 2ms);
  EXPECT_EQ(look_again(0, -2), 2ms);
  EXPECT_EQ(look_again(0, -1), 30s);
  EXPECT_EQ(look_again(0, std::numeric_limits<std::int64_t>::max()), 30s);
  EXPECT_EQ(look_again(1, 250), 30s);
}

TEST(redis_protocol, knows_which_errors_mean_that_nothing_was_done) {
  for (const auto* error :
       {"OOM command not allowed when used memory > 'maxmemory'. script: 1f, on @user_script:1.",
        "READONLY You can't write against a read only replica.", "LOADING Redis is loading the dataset in memory",
        "BUSY Redis is busy running a script.", "NOPERM this user has no permissions to run the 'evalsha' command",
        "ERR Error running script (call to f_1): @user_script:3: @user_script: 3: -OOM command not allowed"})
    EXPECT_TRUE(nothing_was_done(error)) << error;
  for (const auto* error : {"", "ERR something", "WRONGTYPE Operation against a key",
                            "ERR ACL failure in script: User x has no permissions to run the 'set' command"})
    EXPECT_FALSE(nothing_was_done(error)) << error;
}

TEST(redis_protocol, writes_arguments) {
  core::request what;
  what.owner = core::owner_id{1, 2};
  what.ttl = 1500us;
  what.reserve = 7;
  what.party = "p";
  arguments words{1};
  put_acquire(words, what, true, "there");
  EXPECT_EQ(
      std::vector<std::string_view>(words.all().begin(), words.all().end()),
      (std::vector<std::string_view>{"00000000000000010000000000000002", "2", "p", "7", "86400004", "1", "there"}));
  arguments token{1};
  token.add_token(42);
  token.add(std::string_view{});
  EXPECT_EQ(token.all()[0], "0000000000000042");
  EXPECT_EQ(token.all()[1], "");
}

TEST(redis_protocol, a_beat_names_each_resource_once) {
  const core::owner_id one{1, 1}, two{2, 2}, three{3, 3};
  const std::array waiters{core::waiter_ref{"a", one}, core::waiter_ref{"b", two}, core::waiter_ref{"a", three}};
  const beat what{waiters};
  ASSERT_EQ(what.keys().size(), 8U);
  EXPECT_EQ(what.keys()[0], "a");
  EXPECT_EQ(what.keys()[4], "b");
  ASSERT_EQ(what.words().size(), 6U);
  EXPECT_EQ(what.words()[0], "0");
  EXPECT_EQ(what.words()[2], "1");
  EXPECT_EQ(what.words()[4], "0");
  EXPECT_EQ(what.words()[5], three.hex());
}

TEST(redis_protocol, long_leases_keep_their_records_at_each_renewal) {
  const core::owner_id one{1, 1};
  const std::array leases{core::lease_ref{.resource = "a", .owner = one, .ttl = 24h}};
  const renewal what{leases};
  ASSERT_EQ(what.keys().size(), 2U);
  EXPECT_EQ(what.keys()[1], "{a}:holdfast:lease:a");
  ASSERT_EQ(what.words().size(), 4U);
  EXPECT_EQ(what.words()[3], std::to_string(3LL * 24 * 3600 * 1000));
}

TEST(redis_protocol, now_and_then_short_leases_do) {
  const core::owner_id one{1, 1};
  const std::array leases{core::lease_ref{.resource = "a", .owner = one, .ttl = 30s}};
  int kept = 0;
  for (int i = 0; i < 3200; ++i) kept += renewal{leases}.keys().size() == 2 ? 1 : 0;
  EXPECT_GT(kept, 50);
  EXPECT_LT(kept, 1000);
}

RC_GTEST_PROP(redis_protocol_property, any_reply_is_survived, ()) {
  const auto from = *any_reply(3);
  static_cast<void>(read_turn(from));
  static_cast<void>(read_trouble(from));
  resource_view seen;
  static_cast<void>(read_view(from, seen));
  std::array<core::renew_verdict, 1> renewed{};
  static_cast<void>(read_renewals(from, renewed));
}

RC_GTEST_PROP(redis_protocol_property, any_record_is_survived, (const std::string& held, const std::string& waiter)) {
  const auto cut = *rc::gen::inRange<std::size_t>(0, record.size() + 1);
  for (const auto& one : {held, record.substr(0, cut)}) {
    resource_view seen;
    RC_ASSERT(read_view(
        list({text("00112233445566778899aabbccddeeff"), number(*rc::gen::arbitrary<std::int64_t>()), text(one),
              text(std::to_string(*rc::gen::arbitrary<std::uint64_t>())), list({text("w"), text(waiter)})}),
        seen));
    RC_ASSERT(seen.holders.size() == 1U);
    RC_ASSERT(seen.holders[0].expires_in >= 0ns);
  }
}

}  // namespace
}  // namespace holdfast::redis
