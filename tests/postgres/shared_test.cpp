#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "holdfast/status.hpp"
#include "store/sql/clock_watch.hpp"
#include "store/sql/dialect.hpp"
#include "store/sql/row.hpp"
#include "store/sql/view.hpp"

/// What the SQL stores share, without a server.
namespace holdfast::sql {
namespace {

using namespace std::chrono_literals;

std::int64_t us(duration span) { return std::chrono::duration_cast<std::chrono::microseconds>(span).count(); }

/// A server whose clock is `offset` ahead of the boot clock.
class shared_test : public ::testing::Test {
 protected:
  void reply(duration at, duration offset, duration lag = 200us) {
    watch_.saw(us(at + lag / 2 + offset), time_point{at}, time_point{at + lag});
  }
  clock_bounds bounds(duration at) { return watch_.bounds(time_point{at}); }
  clock_watch watch_;
  static constexpr duration base = 1'700'000'000s;
};

TEST_F(shared_test, a_watch_that_saw_nothing_bounds_nothing) {
  EXPECT_EQ(bounds(5s).latest, clock_bounds::unknown);
  EXPECT_EQ(bounds(5s).patience, 0);
}

TEST_F(shared_test, slow_replies_and_drift_are_no_steps) {
  for (int i = 0; i < 100; ++i) {
    const auto lag = i % 10 == 0 ? duration{900ms} : duration{200us};
    reply(1000s + i * 1s, base + i * 100us, lag);
    EXPECT_EQ(bounds(1001s + i * 1s).patience, 0) << i;
  }
}

TEST_F(shared_test, the_bound_is_never_before_the_servers_clock_and_close_behind_it) {
  reply(1000s, base);
  for (const duration later : {duration{1ms}, duration{1s}, duration{60s}}) {
    const auto latest = bounds(1000s + later).latest;
    EXPECT_GE(latest, us(base + 1000s + later));
    EXPECT_LE(latest, us(base + 1000s + later) + 5000 + us(later) / 500);
  }
}

TEST_F(shared_test, the_clock_is_reckoned_from_a_young_reply_only_and_never_ahead) {
  EXPECT_EQ(watch_.reckoned(time_point{5s}), 0);
  reply(1000s, base);
  for (const duration later : {duration{1ms}, duration{500ms}}) {
    const auto now = us(base + 1000s + later);
    EXPECT_LE(watch_.reckoned(time_point{1000s + later}), now);
    EXPECT_GE(watch_.reckoned(time_point{1000s + later}), now - 1000);
  }
  EXPECT_EQ(watch_.reckoned(time_point{1002s}), 0);
  reply(2000s, base, 80ms);
  EXPECT_EQ(watch_.reckoned(time_point{2000s + 90ms}), 0) << "it may be that far behind";
}

TEST_F(shared_test, a_step_forward_gives_rows_from_before_it_their_time) {
  reply(1000s, base);
  reply(1010s, base + 1h);
  const auto after = bounds(1010s);
  EXPECT_GE(after.patience, us(1h));
  EXPECT_LE(after.patience, us(1h) + 50'000);
  EXPECT_GE(after.latest, us(base + 1h + 1010s));
  // Written just before the step at the latest; and just after it at the earliest.
  EXPECT_GT(after.stepped, us(base + 1010s));
  EXPECT_LT(after.stepped, us(base + 1h + 1000s));
  reply(1020s, base + 1h);
  EXPECT_EQ(bounds(1020s).patience, after.patience);
}

TEST_F(shared_test, two_steps_forward_add_up) {
  reply(1000s, base);
  reply(1010s, base + 1h);
  reply(1020s, base + 3h);
  EXPECT_GE(bounds(1020s).patience, us(3h));
}

TEST_F(shared_test, a_step_back_takes_a_step_forward_back) {
  reply(1000s, base);
  reply(1010s, base + 1h);
  reply(1020s, base);
  EXPECT_LE(bounds(1020s).patience, 50'000);
  EXPECT_LE(bounds(1020s).latest, us(base + 1020s) + 5000);
}

TEST_F(shared_test, a_step_back_alone_asks_for_no_patience) {
  reply(1000s, base);
  reply(1010s, base - 1h);
  EXPECT_EQ(bounds(1010s).patience, 0);
  EXPECT_LE(bounds(1010s).latest, us(base - 1h + 1010s) + 5000);
}

TEST_F(shared_test, owners_keep_their_bytes) {
  const auto owner = core::owner_id::random();
  EXPECT_EQ(from_bytes(view_of(to_bytes(owner))), owner);
  EXPECT_TRUE(from_bytes("short").nil());
}

TEST_F(shared_test, a_dialect_spells_words_within_words_and_refuses_unknown_ones) {
  dialect words{{{"a", "1{b}2"}, {"b", "x"}}};
  EXPECT_EQ(words.spell("<{a}> {b}"), "<1x2> x");
  EXPECT_THROW(static_cast<void>(words.spell("{c}")), std::logic_error);
}

TEST_F(shared_test, tables_have_plain_names) {
  EXPECT_EQ(table_names("locks", '"', "u").with("_waiter"), "\"locks_waiter\"");
  EXPECT_EQ(table_names("a.locks", '`', "u").with(""), "`a`.`locks`");
  for (const auto* const bad : {"", ".", "a.", ".b", "a.b.c", "1a", "a b", "a\"", "a;", "{a}"})
    EXPECT_THROW(table_names(bad, '"', "u"), error) << bad;
  EXPECT_THROW(table_names(std::string(49, 'a'), '"', "u"), error);
}

TEST_F(shared_test, the_string_above_a_prefix) {
  EXPECT_EQ(above("ab"), "ac");
  EXPECT_EQ(above("a\xff"), "b");
  EXPECT_EQ(above("\xff\xff"), "");
  EXPECT_EQ(above(""), "");
}

}  // namespace
}  // namespace holdfast::sql
