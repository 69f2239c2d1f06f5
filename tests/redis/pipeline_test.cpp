#include "store/redis/pipeline.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>

namespace holdfast::redis::test {

namespace {

using namespace std::chrono_literals;
using duty = pipeline::duty;
using outcome = answer::outcome;

constexpr time_point start{1h};

class redis_pipeline : public ::testing::Test {
 protected:
  void join(pending& who, duration patience = 10s) {
    who.by = now + patience;
    pipe.join(who, std::array<std::string_view, 1>{"PING"});
  }
  void send(pending& who, pipeline::written how = pipeline::written::all) {
    ASSERT_EQ(pipe.next(who, now), duty::send);
    pipe.take(batch, now);
    pipe.sent(who, how);
  }
  bool reply_to(pending& reader, std::initializer_list<const char*> texts) {
    std::vector<reply> all;
    for (const auto* text : texts) all.push_back({.is = reply::kind::text, .text = text});
    return pipe.received(reader, all);
  }

  time_point now = start;
  pipeline pipe{{.reply_timeout = 5s, .direct = 1}};
  std::string batch;
  pending a, b, c;
};

TEST_F(redis_pipeline, one_caller_sends_and_receives) {
  join(a);
  send(a);
  EXPECT_EQ(batch, "*1\r\n$4\r\nPING\r\n");
  EXPECT_EQ(pipe.next(a, now), duty::receive);
  EXPECT_EQ(pipe.receive_until(a), start + 5s);
  EXPECT_TRUE(reply_to(a, {"PONG"}));
  EXPECT_EQ(pipe.next(a, now), duty::finished);
  EXPECT_EQ(a.is, outcome::replied);
  EXPECT_EQ(a.what.text, "PONG");
  EXPECT_EQ(a.sent, start);
}

TEST_F(redis_pipeline, who_comes_meanwhile_gathers_and_is_handed_its_reply) {
  join(a);
  send(a);
  ASSERT_EQ(pipe.next(a, now), duty::receive);
  join(b);
  join(c);
  EXPECT_EQ(pipe.next(b, now), duty::wait);
  EXPECT_EQ(pipe.next(c, now), duty::wait);
  ASSERT_TRUE(reply_to(a, {"1"}));
  batch.clear();
  send(a);  // For the others, on its way out.
  EXPECT_EQ(batch, "*1\r\n$4\r\nPING\r\n*1\r\n$4\r\nPING\r\n");
  EXPECT_EQ(pipe.next(a, now), duty::finished);
  auto* const next = pipe.woken();
  ASSERT_EQ(next, &b);
  EXPECT_EQ(next->next_woken, nullptr);
  ASSERT_EQ(pipe.next(b, now), duty::receive);
  ASSERT_TRUE(reply_to(b, {"2", "3"}));
  EXPECT_EQ(pipe.woken(), &c);
  EXPECT_EQ(c.what.text, "3");
  EXPECT_EQ(pipe.next(b, now), duty::finished);
  EXPECT_EQ(pipe.next(c, now), duty::finished);
}

TEST_F(redis_pipeline, a_place_outlives_its_caller) {
  join(a, 1s);
  send(a);
  ASSERT_EQ(pipe.next(a, now), duty::receive);
  join(b);
  ASSERT_EQ(pipe.next(b, now), duty::wait);
  now += 1s;
  EXPECT_EQ(pipe.next(a, now), duty::send);  // It helps before it goes.
  pipe.take(batch, now);
  pipe.sent(a, pipeline::written::all);
  EXPECT_EQ(pipe.next(a, now), duty::finished);
  EXPECT_EQ(a.is, outcome::unknown);
  EXPECT_TRUE(a.timed_out);
  ASSERT_EQ(pipe.woken(), &b);
  ASSERT_EQ(pipe.next(b, now), duty::receive);
  EXPECT_TRUE(reply_to(b, {"late, for a", "for b"}));
  EXPECT_EQ(pipe.next(b, now), duty::finished);
  EXPECT_EQ(b.what.text, "for b");
}

TEST_F(redis_pipeline, what_was_never_sent_leaves_no_trace) {
  join(a);
  send(a);
  ASSERT_EQ(pipe.next(a, now), duty::receive);
  join(b, 1s);
  join(c);
  pipe.next(b, now);
  pipe.next(c, now);
  now += 1s;
  EXPECT_EQ(pipe.next(b, now), duty::finished);
  EXPECT_EQ(b.is, outcome::not_sent);
  ASSERT_TRUE(reply_to(a, {"1"}));
  batch.clear();
  send(a);
  EXPECT_EQ(batch, "*1\r\n$4\r\nPING\r\n");
}

TEST_F(redis_pipeline, only_the_oldest_makes_a_connection_overdue) {
  join(a);
  send(a);
  ASSERT_EQ(pipe.next(a, now), duty::receive);
  now += 5s - 1ns;
  EXPECT_TRUE(pipe.nothing_came(now));
  EXPECT_FALSE(pipe.nothing_came(now + 1ns));
}

TEST_F(redis_pipeline, its_end_says_what_is_known) {
  join(a);
  send(a);
  ASSERT_EQ(pipe.next(a, now), duty::receive);
  join(b);
  ASSERT_EQ(pipe.next(b, now), duty::wait);
  pipe.broke();
  EXPECT_TRUE(pipe.left_unknown());
  EXPECT_EQ(pipe.woken(), &b);
  EXPECT_EQ(pipe.next(a, now), duty::finished);
  EXPECT_EQ(pipe.next(b, now), duty::finished);
  EXPECT_EQ(a.is, outcome::unknown);
  EXPECT_EQ(b.is, outcome::not_sent);
}

TEST_F(redis_pipeline, a_write_that_failed_altogether_left_nothing_there) {
  join(a);
  send(a, pipeline::written::none);
  pipe.broke();
  EXPECT_EQ(pipe.next(a, now), duty::finished);
  EXPECT_EQ(a.is, outcome::not_sent);
  EXPECT_FALSE(pipe.left_unknown());
}

TEST_F(redis_pipeline, a_reply_that_nobody_asked_for_is_told) {
  join(a);
  send(a);
  ASSERT_EQ(pipe.next(a, now), duty::receive);
  EXPECT_FALSE(reply_to(a, {"1", "2"}));
}

}  // namespace

}  // namespace holdfast::redis::test
