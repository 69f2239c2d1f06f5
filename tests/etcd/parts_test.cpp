// What the store decides without a server.
#include <gtest/gtest.h>

#include "store/etcd/cluster.hpp"
#include "store/etcd/doubts.hpp"
#include "store/etcd/errors.hpp"
#include "store/etcd/following.hpp"
#include "store/etcd/key_names.hpp"
#include "store/etcd/layout.hpp"
#include "store/etcd/lease_proof.hpp"
#include "store/etcd/line.hpp"
#include "store/etcd/server_version.hpp"
#include "store/etcd/sessions.hpp"
#include "store/etcd/tickets.hpp"

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

// --- names of keys -----------------------------------------------------------------------------------------------

class key_names_test : public testing::Test {
 protected:
  const core::owner_id other_{3, 4};
  key_names names_;
};

TEST_F(key_names_test, one_request_after_another_has_the_same) {
  for (const auto& owner : {somebody, other_}) {
    EXPECT_EQ(names_.take("r", 7, owner), "r/7");
    EXPECT_EQ(names_.of(owner), "r/7");
    names_.give_back(owner);
    EXPECT_EQ(names_.of(owner), "");
  }
}

TEST_F(key_names_test, two_at_once_have_two) {
  EXPECT_EQ(names_.take("r", 7, somebody), "r/7");
  EXPECT_EQ(names_.take("r", 7, other_), "r/7-" + other_.hex());
  EXPECT_EQ(names_.take("another", 7, core::owner_id{5, 6}), "another/7");
  names_.give_back(other_);
  EXPECT_EQ(names_.of(somebody), "r/7");
}

// --- doubts ------------------------------------------------------------------------------------------------------

TEST(doubts_test, only_those_who_have_ended_are_looked_for) {
  doubts all;
  all.add(somebody, "r/7");
  EXPECT_TRUE(all.about(somebody));
  EXPECT_EQ(all.key_of(somebody), "r/7");
  EXPECT_TRUE(all.due(10).empty());
  all.end(somebody);
  ASSERT_EQ(all.due(10).size(), 1U);
  all.begin(somebody);
  EXPECT_TRUE(all.due(10).empty());
}

TEST(doubts_test, what_was_not_there_is_looked_for_again_but_not_at_once) {
  doubts all;
  all.leave(somebody, "r/7");
  ASSERT_EQ(all.due(10).size(), 1U);
  ASSERT_EQ(all.due(10).size(), 1U);  // Whether it is there is not known yet.
  all.on_gone(somebody);
  EXPECT_TRUE(all.due(10).empty());
  EXPECT_TRUE(all.about(somebody));
}

TEST(doubts_test, however_many_there_are_each_has_its_turn) {
  doubts all;
  for (std::uint64_t i = 1; i <= 250; ++i) all.leave({7, i}, "r/" + std::to_string(i));
  std::size_t seen = 0;
  for (auto some = all.due(100); !some.empty(); some = all.due(100)) {
    ASSERT_LE(some.size(), 100U);
    for (const auto& each : some) all.on_gone(each.owner);
    seen += some.size();
  }
  EXPECT_EQ(seen, 250U);
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

// --- tickets -----------------------------------------------------------------------------------------------------

class ticket_test : public testing::Test {
 protected:
  ticket_test() { all_.put(somebody, {.resource = "r", .created = 20, .before = before_, .before_created = 10}); }
  entry end_of_before(bool claimed, revision created) const {
    return {.key = before_, .value = text_of({.owner = {3, 4}, .claimed = claimed}), .created = created};
  }
  const std::string before_ = key_of("r", 7);
  tickets all_;
};

TEST_F(ticket_test, behind_a_holder_that_went_one_is_first) {
  all_.on_before_gone(somebody, end_of_before(true, 10));
  EXPECT_TRUE(all_.find(somebody)->first);
}

TEST_F(ticket_test, behind_a_waiter_that_went_it_has_to_look) {
  all_.on_before_gone(somebody, end_of_before(false, 10));
  EXPECT_FALSE(all_.find(somebody)->first);
  EXPECT_TRUE(all_.find(somebody)->before.empty());
}

TEST_F(ticket_test, the_end_of_another_key_of_that_name_is_no_proof) {
  all_.on_before_gone(somebody, end_of_before(true, 15));
  EXPECT_FALSE(all_.find(somebody)->first);
}

TEST_F(ticket_test, the_end_of_a_foreign_key_or_an_unknown_one_is_no_proof) {
  all_.on_before_gone(somebody, {.key = "r/694d7f3a", .value = "", .created = 10});
  EXPECT_FALSE(all_.find(somebody)->first);
  all_.on_before_gone(somebody, {});
  EXPECT_FALSE(all_.find(somebody)->first);
}

// --- watches -----------------------------------------------------------------------------------------------------

class following_test : public testing::Test {
 protected:
  entry was(revision created) const { return {.key = key_, .value = {}, .created = created}; }
  const core::owner_id other_{3, 4};
  const std::string key_ = "r/7";
  tickets tickets_;
  std::shared_ptr<ear> ear_ = std::make_shared<ear>(tickets_);
  following all_{ear_};
};

TEST_F(following_test, the_next_behind_the_same_key_has_the_same_watch) {
  std::vector<core::owner_id> told;
  ear_->set([&](const core::owner_id& owner) { told.push_back(owner); });
  const auto first = all_.begin(somebody, key_);
  EXPECT_TRUE(first.made);
  all_.on_watching(first.number, 10);
  EXPECT_TRUE(all_.on_deleted(first.number, was(5), 20));
  EXPECT_FALSE(all_.end(somebody));
  EXPECT_FALSE(all_.has(somebody));
  const auto second = all_.begin(other_, key_);
  EXPECT_FALSE(second.made);
  EXPECT_EQ(second.number, first.number);
  EXPECT_EQ(all_.await(second.number, at(0)), 20);
  EXPECT_TRUE(all_.on_deleted(second.number, was(21), 30));
  EXPECT_EQ(told, (std::vector<core::owner_id>{somebody, other_}));
}

TEST_F(following_test, what_befell_the_key_while_nobody_waited_is_missed) {
  const auto first = all_.begin(somebody, key_);
  all_.on_watching(first.number, 10);
  EXPECT_FALSE(all_.end(somebody));
  EXPECT_TRUE(all_.on_deleted(first.number, was(5), 20));
  EXPECT_EQ(all_.await(all_.begin(other_, key_).number, at(0)), 20);
}

TEST_F(following_test, a_watch_that_nobody_needs_is_let_go) {
  const auto first = all_.begin(somebody, key_);
  all_.on_watching(first.number, 10);
  EXPECT_FALSE(all_.end(somebody));
  bool wanted = true;
  for (revision now = 20; wanted && now < 30; ++now) wanted = all_.on_deleted(first.number, was(5), now);
  EXPECT_FALSE(wanted);
  EXPECT_TRUE(all_.begin(other_, key_).made);
}

TEST_F(following_test, few_are_kept) {
  int ended = 0;
  for (std::uint64_t i = 1; i <= 100; ++i) {
    const auto one = all_.begin({7, i}, "r/" + std::to_string(i));
    all_.on_watching(one.number, 10);
    if (const auto old = all_.end({7, i})) {
      EXPECT_EQ(*old, one.number);
      ++ended;
    }
  }
  EXPECT_GE(ended, 80);
  EXPECT_LT(ended, 100);
}

TEST_F(following_test, one_that_is_not_confirmed_is_not_kept) {
  const auto one = all_.begin(somebody, key_);
  EXPECT_EQ(all_.end(somebody), one.number);
}

TEST_F(following_test, a_refusal_ends_what_was_to_begin_and_takes_nothing_new) {
  const auto stands = all_.begin(somebody, key_);
  all_.on_watching(stands.number, 10);
  const auto begins = all_.begin(other_, "r/8");
  all_.on_refused();
  EXPECT_TRUE(all_.over());
  EXPECT_TRUE(all_.has(somebody));
  EXPECT_FALSE(all_.has(other_));
  EXPECT_EQ(all_.await(begins.number, at(0)), std::nullopt);
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
