// What the store decides without a server.
#include <gtest/gtest.h>

#include "store/etcd/cluster.hpp"
#include "store/etcd/errors.hpp"
#include "store/etcd/layout.hpp"
#include "store/etcd/lease_proof.hpp"
#include "store/etcd/line.hpp"
#include "store/etcd/server_version.hpp"
#include "store/etcd/sessions.hpp"

namespace holdfast::etcd {
namespace {

using namespace std::chrono_literals;

const core::owner_id somebody{1, 2};

time_point at(int second) { return time_point{std::chrono::seconds{second}}; }
header by(std::uint64_t member, std::uint64_t term) { return {.member = member, .at = 7, .term = term}; }

// --- the proof of a renewal --------------------------------------------------------------------------------------

TEST(lease_proof_test, a_grant_counts_at_once) {
  const lease_proof one{by(1, 5), at(10)};
  EXPECT_EQ(one.confirmed(), at(10));
}

TEST(lease_proof_test, a_renewal_counts_once_it_is_proven) {
  lease_proof one{by(1, 5), at(10)};
  one.on_renewed(one.before_sending(), by(1, 5), at(20));
  EXPECT_EQ(one.confirmed(), at(10));
  one.on_answer(one.before_sending(), by(1, 5));
  EXPECT_EQ(one.confirmed(), at(20));
}

TEST(lease_proof_test, an_answer_in_another_term_or_from_another_member_proves_nothing) {
  for (const auto& other : {by(1, 6), by(2, 5)}) {
    lease_proof one{by(1, 5), at(10)};
    one.on_renewed(one.before_sending(), by(1, 5), at(20));
    one.on_answer(one.before_sending(), other);
    EXPECT_EQ(one.confirmed(), at(10));
  }
}

TEST(lease_proof_test, a_term_that_changed_while_it_was_renewed_proves_nothing) {
  // The old leader may have renewed, and the member have learnt of the new one before it answered.
  lease_proof one{by(1, 5), at(10)};
  one.on_renewed(one.before_sending(), by(1, 6), at(20));
  one.on_answer(one.before_sending(), by(1, 6));
  EXPECT_EQ(one.confirmed(), at(10));
  one.on_renewed(one.before_sending(), by(1, 6), at(21));
  one.on_answer(one.before_sending(), by(1, 6));
  EXPECT_EQ(one.confirmed(), at(21));
}

TEST(lease_proof_test, what_was_sent_before_the_renewal_was_answered_proves_nothing) {
  lease_proof one{by(1, 5), at(10)};
  const auto early = one.before_sending();
  one.on_renewed(one.before_sending(), by(1, 5), at(20));
  one.on_answer(early, by(1, 5));
  EXPECT_EQ(one.confirmed(), at(10));
}

TEST(lease_proof_test, a_renewal_that_is_answered_late_does_not_set_it_back) {
  lease_proof one{by(1, 5), at(10)};
  const auto first = one.before_sending();
  one.on_renewed(one.before_sending(), by(1, 5), at(30));
  one.on_answer(one.before_sending(), by(1, 5));
  one.on_renewed(first, by(1, 5), at(20));
  one.on_answer(one.before_sending(), by(1, 5));
  EXPECT_EQ(one.confirmed(), at(30));
}

// --- layout ------------------------------------------------------------------------------------------------------

TEST(layout_test, who_stands_in_line) {
  EXPECT_TRUE(stands_in_line("a/694d7f3a1b2c", "a/"));
  EXPECT_TRUE(stands_in_line("a/7fffffffffffffff", "a/"));
  EXPECT_TRUE(stands_in_line("a/694d7f3a1b2c-anything", "a/"));
  EXPECT_TRUE(stands_in_line(key_of("a", 0x5d, somebody), "a/"));
  EXPECT_FALSE(stands_in_line("a/b/694d7f3a1b2c", "a/"));
  EXPECT_FALSE(stands_in_line(key_of("a/b", 0x5d, somebody), "a/"));
  EXPECT_FALSE(stands_in_line("a/config", "a/"));
  EXPECT_FALSE(stands_in_line("a/ABC", "a/"));
  EXPECT_FALSE(stands_in_line("a/", "a/"));
  EXPECT_FALSE(stands_in_line("a/-x", "a/"));
  EXPECT_FALSE(stands_in_line("b/12", "a/"));
}

/// What people keep below a name that they lock, too, is in nobody's way.
TEST(layout_test, what_is_no_lease_does_not_stand_in_line) {
  for (const std::string ticket : {"0", "012", "8000000000000000", "7ffffffffffffffff",
                                   "da39a3ee5e6b4b0d3255bfef95601890afd80709", "d41d8cd98f00b204e9800998ecf8427e",
                                   "550e8400-e29b-41d4-a716-446655440000", "12-", "12-one-two", "12-one/two"}) {
    EXPECT_FALSE(stands_in_line("a/" + ticket, "a/")) << ticket;
    EXPECT_FALSE(parse("a/" + ticket)) << ticket;
  }
}

TEST(layout_test, ends_of_prefixes) {
  EXPECT_EQ(end_of("a/"), "a0");
  EXPECT_EQ(end_of("a\xff"), "b");
  EXPECT_EQ(end_of("\xff\xff"), std::string(1, '\0'));
  EXPECT_EQ(end_of(""), std::string(1, '\0'));
}

TEST(layout_test, keys_are_taken_apart) {
  const auto key = key_of("a/b c/", 0x694d7f3a1b2c, somebody);
  const auto ours = parse(key);
  ASSERT_TRUE(ours);
  EXPECT_EQ(ours->resource, "a/b c/");
  EXPECT_EQ(ours->ticket, "694d7f3a1b2c-" + somebody.hex());
  EXPECT_EQ(key, "a/b c//694d7f3a1b2c-" + somebody.hex());
  EXPECT_EQ(key_of("x", 0x694d7f3a1b2c), "x/694d7f3a1b2c");
  EXPECT_TRUE(parse("x/694d7f3a1b2c"));
  EXPECT_FALSE(parse("nothing"));
  EXPECT_FALSE(parse("/12"));
  EXPECT_FALSE(parse("a/zz"));
}

TEST(layout_test, records_come_back) {
  for (const bool claimed : {false, true}) {
    const auto text =
        text_of({.owner = somebody, .claimed = claimed, .since_us = 123456789, .party = "pid=4\nhost=h\n"});
    const auto back = read_record(text);
    ASSERT_TRUE(back);
    EXPECT_EQ(back->owner, somebody);
    EXPECT_EQ(back->claimed, claimed);
    EXPECT_EQ(back->since_us, 123456789);
    EXPECT_EQ(back->party, "pid=4\nhost=h\n");
  }
  EXPECT_FALSE(read_record(""));
  EXPECT_FALSE(read_record("holdfast="));
  ASSERT_TRUE(read_record("holdfast=held 12"));
  EXPECT_EQ(read_record("holdfast=held 12")->since_us, 12);
  EXPECT_TRUE(read_record("holdfast=held 12 nonsense")->owner.nil());
}

// --- the line ----------------------------------------------------------------------------------------------------

entry key(const std::string& text, revision created) { return {.key = text, .value = {}, .created = created}; }

TEST(line_test, the_nearest_is_the_newest_that_stands_in_line) {
  const auto seen = judge_line({key("a/b/12", 9), key("a/c1", 8), key("a/c2", 5), key("a/note", 3)}, false, "a/");
  ASSERT_TRUE(seen.nearest);
  EXPECT_EQ(seen.nearest->key, "a/c1");
  EXPECT_EQ(seen.count, 2U);
  EXPECT_EQ(seen.oldest, 3);
}

TEST(line_test, strangers_alone_are_nobody) {
  const auto seen = judge_line({key("a/b/12", 9), key("a/note", 3)}, true, "a/");
  EXPECT_FALSE(seen.nearest);
  EXPECT_TRUE(seen.cut);
}

// --- the rest ----------------------------------------------------------------------------------------------------

TEST(seconds_test, are_rounded_up) {
  EXPECT_EQ(sessions::whole_seconds(1s), 1);
  EXPECT_EQ(sessions::whole_seconds(1001ms), 2);
  EXPECT_EQ(sessions::whole_seconds(100ms), 1);
}

TEST(version_test, known_faults_and_what_mends_them) {
  EXPECT_NE(known_faults("3.4.23").find("3.4.32"), std::string::npos);
  EXPECT_NE(known_faults("3.4.23").find("3.4.25"), std::string::npos);
  EXPECT_NE(known_faults("3.4.30").find("3.4.31"), std::string::npos);
  EXPECT_NE(known_faults("3.5.12").find("3.5.13"), std::string::npos);
  EXPECT_EQ(known_faults("3.4.31").find("3.4.25"), std::string::npos);
  EXPECT_NE(known_faults("3.5.9").find("3.5.14"), std::string::npos);
  EXPECT_EQ(known_faults("3.4.32"), "");
  EXPECT_EQ(known_faults("3.5.14"), "");
  EXPECT_EQ(known_faults("3.6.0-rc.1"), "");
  EXPECT_EQ(known_faults("something"), "");
}

TEST(errors_of_rpcs_test, what_may_have_been_done_is_unknown) {
  EXPECT_FALSE(explain({14, "failed to connect to all addresses", "h:1"}, "etcd://h").unknown);
  EXPECT_TRUE(explain({14, "etcdserver: request timed out", "h:1"}, "etcd://h").unknown);
  EXPECT_TRUE(explain({4, "Deadline Exceeded", "h:1"}, "etcd://h").unknown);
  EXPECT_FALSE(explain({7, "etcdserver: permission denied", "h:1"}, "etcd://h").unknown);
  EXPECT_EQ(explain({5, "etcdserver: requested lease not found", "h:1"}, "etcd://h").is, failure::kind::lease_gone);
}

TEST(errors_of_rpcs_test, a_member_that_says_nothing_yet_is_no_matter_of_tls) {
  const auto words = std::string{"failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:1: "};
  for (const std::string silence :
       {"tcp handshaker shutdown", "connection attempt timed out before receiving SETTINGS frame"}) {
    const auto told = explain({14, words + silence, "h:1"}, "etcd://h");
    EXPECT_EQ(told.why, errc::unavailable) << silence;
    EXPECT_NE(told.why.message().find("in time"), std::string::npos) << told.why.message();
  }
  EXPECT_EQ(explain({14, words + "Ssl handshake failed", "h:1"}, "etcds://h").why, errc::misconfigured);
}

TEST(cluster_of_test, ports_and_hosts) {
  const auto one = cluster_of(core::url::parse("etcd://me:pw@h1,h2:1234,[::1]:5"));
  EXPECT_EQ(one.endpoints, (std::vector<std::string>{"h1:2379", "h2:1234", "[::1]:5"}));
  EXPECT_EQ(one.user, "me");
  EXPECT_EQ(one.password, "pw");
  EXPECT_FALSE(one.tls);
}

}  // namespace
}  // namespace holdfast::etcd
