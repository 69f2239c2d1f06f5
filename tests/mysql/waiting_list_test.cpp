// Whom the poller tells of what, and when.
#include "store/mysql/waiting_list.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace holdfast::mysql {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class mysql_waiting_list : public ::testing::Test {
 protected:
  void enter(const core::owner_id& owner, std::uint32_t place) { list_.enter(client_, owner, place, now_ + 10s, now_); }
  static std::vector<cell> row(std::int64_t kind, const std::string& one, const std::string& two, std::int64_t number) {
    return {{false, kind, {}}, {false, 0, one}, {false, 0, two}, {false, number, {}}};
  }
  static std::string bytes(const core::owner_id& of) { return std::string{sql::view_of(sql::to_bytes(of))}; }

  time_point now_{100s};
  const std::shared_ptr<member> client_ = std::make_shared<member>(core::owner_id::random());
  const core::owner_id a_ = core::owner_id::random();
  const core::owner_id b_ = core::owner_id::random();
  waiting_list list_;
};

TEST_F(mysql_waiting_list, a_turn_is_told_once_and_again_if_nobody_claims_it) {
  enter(a_, 0);
  enter(b_, 1);
  list_.learn({row(1, bytes(a_), bytes(client_->id()), 0)}, false, now_);
  const auto hints = list_.take_hints();
  ASSERT_THAT(hints, SizeIs(1));
  EXPECT_EQ(hints[0].owner, a_);
  EXPECT_EQ(hints[0].to, client_);
  list_.learn({row(1, bytes(a_), bytes(client_->id()), 0)}, false, now_ + 500ms);
  EXPECT_FALSE(list_.has_hints());
  list_.learn({row(1, bytes(a_), bytes(client_->id()), 0)}, false, now_ + 1500ms);
  EXPECT_THAT(list_.take_hints(), SizeIs(1));
}

TEST_F(mysql_waiting_list, a_turn_of_somebody_else_is_nobodys_here) {
  enter(a_, 0);
  list_.turn(b_, now_);
  list_.leave(a_);
  list_.turn(a_, now_);
  EXPECT_FALSE(list_.has_hints());
}

TEST_F(mysql_waiting_list, the_nearest_sets_the_pace_until_it_is_told) {
  enter(a_, 7);
  enter(b_, 3);
  EXPECT_EQ(list_.nearest(), 3U);
  list_.learn({row(2, bytes(a_), "", 1)}, false, now_);
  EXPECT_EQ(list_.nearest(), 1U);
  list_.turn(a_, now_);
  EXPECT_EQ(list_.nearest(), 3U);
}

TEST_F(mysql_waiting_list, asks_for_each_client_once_and_for_the_nearest_waiters) {
  for (std::uint32_t i = 0; i < 20; ++i) enter(core::owner_id::random(), 5 + i);
  enter(a_, 0);
  const auto asked = list_.ask();
  EXPECT_THAT(asked.client_ids, ElementsAre(client_->id()));
  EXPECT_THAT(asked.owners, SizeIs(8));
  EXPECT_EQ(asked.owners[0], sql::to_bytes(a_));
}

TEST_F(mysql_waiting_list, whose_turn_it_is_has_no_ticket_any_more) {
  enter(a_, 0);
  enter(b_, 1);
  EXPECT_EQ(list_.ask().tickets, 2U);
  list_.turn(a_, now_);
  EXPECT_EQ(list_.ask().tickets, 1U);
}

TEST_F(mysql_waiting_list, names_that_are_free_are_to_be_handed_on) {
  enter(a_, 0);
  EXPECT_THAT(list_.learn({row(3, "r", "", 0), row(4, "", bytes(client_->id()), 1)}, true, now_), ElementsAre("r"));
  EXPECT_FALSE(list_.has_hints());
}

TEST_F(mysql_waiting_list, a_missing_ticket_makes_its_clients_waiters_look) {
  enter(a_, 0);
  enter(b_, 1);
  list_.learn({row(4, "", bytes(client_->id()), 1)}, true, now_);
  EXPECT_FALSE(list_.has_hints());  // Perhaps they were queued after the look.
  list_.learn({row(4, "", bytes(client_->id()), 2)}, true, now_ + 2s);
  EXPECT_FALSE(list_.has_hints());
  list_.learn({row(4, "", bytes(client_->id()), 1)}, true, now_ + 2s);
  EXPECT_THAT(list_.take_hints(), SizeIs(2));
}

TEST_F(mysql_waiting_list, looks_by_a_timer_are_told_from_others) {
  enter(a_, 4);
  EXPECT_EQ(list_.looks_by_timer(a_, now_), std::nullopt);
  EXPECT_EQ(list_.looks_by_timer(a_, now_ + 11s), std::optional<std::uint32_t>{4});
  list_.turn(a_, now_);
  EXPECT_EQ(list_.looks_by_timer(a_, now_ + 11s), std::nullopt);
  EXPECT_EQ(list_.looks_by_timer(b_, now_), std::nullopt);
}

TEST_F(mysql_waiting_list, a_client_that_leaves_takes_its_waiters_along) {
  enter(a_, 0);
  list_.leave(*client_);
  EXPECT_TRUE(list_.empty());
  EXPECT_THAT(list_.ask().owners, IsEmpty());
}

}  // namespace
}  // namespace holdfast::mysql
