// What a client remembers of its requests, keys and watches.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "store/etcd/doubts.hpp"
#include "store/etcd/following.hpp"
#include "store/etcd/key_names.hpp"
#include "store/etcd/layout.hpp"
#include "store/etcd/tickets.hpp"

namespace holdfast::etcd {
namespace {

const core::owner_id somebody{1, 2};

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
  EXPECT_EQ(all_.await(second.number, time_point{}), 20);
  EXPECT_TRUE(all_.on_deleted(second.number, was(21), 30));
  EXPECT_EQ(told, (std::vector<core::owner_id>{somebody, other_}));
}

TEST_F(following_test, what_befell_the_key_while_nobody_waited_is_missed) {
  const auto first = all_.begin(somebody, key_);
  all_.on_watching(first.number, 10);
  EXPECT_FALSE(all_.end(somebody));
  EXPECT_TRUE(all_.on_deleted(first.number, was(5), 20));
  EXPECT_EQ(all_.await(all_.begin(other_, key_).number, time_point{}), 20);
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
  EXPECT_EQ(all_.await(begins.number, time_point{}), std::nullopt);
}

}  // namespace
}  // namespace holdfast::etcd
