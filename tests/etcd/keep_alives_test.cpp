// A client's one stream of keep-alives, to members within the process.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <mutex>
#include <system_error>
#include <vector>

#include "store/etcd/keep_alives.hpp"
#include "support/eventually.hpp"

namespace holdfast::etcd {
namespace {

using namespace std::chrono_literals;

constexpr int unavailable = 14;
constexpr int deadline_exceeded = 4;

/// What a stream was asked, for the test to answer as it likes.
class line {
 public:
  explicit line(std::shared_ptr<keep_alive_sink> to) : to_{std::move(to)} {}

  void ask(lease_id lease) {
    const std::lock_guard lock{mutex_};
    asked_.push_back(lease);
  }
  std::size_t asked() const {
    const std::lock_guard lock{mutex_};
    return asked_.size();
  }
  /// `at` tells the answers apart.
  void answer(lease_id lease, revision at, std::int64_t seconds = 5) {
    lease_reply what;
    what.from = {.member = 1, .at = at, .term = 2};
    what.lease = lease;
    what.seconds = seconds;
    to_->on_answer(what);
  }
  void fail() { to_->on_stream_lost({.code = unavailable, .message = "Socket closed", .endpoint = {}}); }
  std::atomic<bool> ended{false};

 private:
  const std::shared_ptr<keep_alive_sink> to_;
  mutable std::mutex mutex_;
  std::vector<lease_id> asked_;  // guarded by mutex_
};

class line_stream final : public keep_alive_stream {
 public:
  explicit line_stream(std::shared_ptr<line> of) : of_{std::move(of)} {}
  ~line_stream() override { of_->ended = true; }
  void ask(lease_id lease) override { of_->ask(lease); }

 private:
  const std::shared_ptr<line> of_;
};

class keep_alives_test : public ::testing::Test {
 protected:
  std::future<keep_alive_outcome> ask(lease_id lease, duration within = 20s, keep_alives::way by_way = {}) {
    const auto open = [this](std::shared_ptr<keep_alive_sink> sink) {
      const std::lock_guard lock{mutex_};
      lines_.push_back(std::make_shared<line>(std::move(sink)));
      return std::make_unique<line_stream>(lines_.back());
    };
    return std::async(std::launch::async, [this, lease, within, by_way, open] {
      return client_.ask(lease, by_way, open, boot_clock::now() + within);
    });
  }
  std::size_t opened() const {
    const std::lock_guard lock{mutex_};
    return lines_.size();
  }
  std::shared_ptr<line> at(std::size_t which) const {
    const std::lock_guard lock{mutex_};
    return lines_.at(which);
  }
  /// Once that stream was asked so often.
  std::shared_ptr<line> asked(std::size_t which, std::size_t times) const {
    EXPECT_TRUE(test::eventually([&] { return opened() > which && at(which)->asked() >= times; }));
    return at(which);
  }
  static revision answer_of(std::future<keep_alive_outcome>& from) {
    const auto how = from.get();
    const auto* answer = std::get_if<lease_reply>(&how);
    return answer != nullptr ? answer->from.at : -1;
  }
  static int error_of(std::future<keep_alive_outcome>& from) {
    const auto how = from.get();
    const auto* error = std::get_if<rpc_error>(&how);
    return error != nullptr ? error->code : 0;
  }

  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<line>> lines_;  // guarded by mutex_
  keep_alives client_;
};

TEST_F(keep_alives_test, all_leases_go_over_one_stream) {
  for (std::size_t i = 1; i <= 50; ++i) {
    const auto lease = static_cast<lease_id>(i % 3);
    auto one = ask(lease);
    asked(0, i)->answer(lease, static_cast<revision>(i));
    EXPECT_EQ(answer_of(one), static_cast<revision>(i));
  }
  EXPECT_EQ(opened(), 1U);
  EXPECT_FALSE(at(0)->ended);
}

TEST_F(keep_alives_test, a_lease_that_is_gone_is_an_answer_like_others) {
  auto gone = ask(7);
  asked(0, 1)->answer(7, 1, 0);
  const auto how = gone.get();
  ASSERT_TRUE(std::holds_alternative<lease_reply>(how));
  EXPECT_EQ(std::get<lease_reply>(how).seconds, 0);
  auto other = ask(8);
  asked(0, 2)->answer(8, 2);
  EXPECT_EQ(answer_of(other), 2);
  EXPECT_EQ(opened(), 1U);
}

TEST_F(keep_alives_test, requests_for_one_lease_get_each_its_own_answer) {
  auto first = ask(7);
  asked(0, 1);
  auto second = ask(7);
  auto line = asked(0, 2);
  line->answer(7, 1);
  EXPECT_EQ(answer_of(first), 1);
  EXPECT_EQ(second.wait_for(20ms), std::future_status::timeout);  // Only its own will do.
  line->answer(7, 2);
  EXPECT_EQ(answer_of(second), 2);
}

TEST_F(keep_alives_test, a_late_answer_is_not_taken_for_that_to_a_later_request) {
  auto late = ask(7, 2s);
  auto line = asked(0, 1);
  auto behind = ask(7);
  asked(0, 2);
  EXPECT_EQ(error_of(late), deadline_exceeded);
  line->answer(7, 1);
  EXPECT_EQ(behind.wait_for(20ms), std::future_status::timeout);
  line->answer(7, 2);
  EXPECT_EQ(answer_of(behind), 2);
}

TEST_F(keep_alives_test, after_an_answer_that_did_not_come_in_time_the_stream_is_made_anew) {
  const auto began = boot_clock::now();
  auto late = ask(7, 50ms);
  asked(0, 1);
  EXPECT_EQ(error_of(late), deadline_exceeded);
  EXPECT_GE(boot_clock::now() - began, 50ms);
  auto next = ask(7);
  asked(1, 1);
  EXPECT_TRUE(test::eventually([&] { return at(0)->ended.load(); }));
  at(0)->answer(7, 1);
  EXPECT_EQ(next.wait_for(20ms), std::future_status::timeout);
  at(1)->answer(7, 2);
  EXPECT_EQ(answer_of(next), 2);
}

TEST_F(keep_alives_test, a_stream_that_fails_tells_all_who_wait) {
  auto one = ask(7);
  asked(0, 1);
  auto other = ask(8);
  asked(0, 2)->fail();
  EXPECT_EQ(error_of(one), unavailable);
  EXPECT_EQ(error_of(other), unavailable);
  auto next = ask(7);
  asked(1, 1)->answer(7, 3);
  EXPECT_EQ(answer_of(next), 3);
}

TEST_F(keep_alives_test, one_that_failed_while_nobody_waited_is_made_anew_and_nobody_hears_of_it) {
  auto one = ask(7);
  asked(0, 1)->answer(7, 1);
  EXPECT_EQ(answer_of(one), 1);
  at(0)->fail();
  auto next = ask(7);
  asked(1, 1)->answer(7, 2);
  EXPECT_EQ(answer_of(next), 2);
  EXPECT_TRUE(at(0)->ended);
}

TEST_F(keep_alives_test, what_was_not_asked_for_is_not_believed) {
  auto one = ask(7);
  asked(0, 1)->answer(8, 1);
  EXPECT_EQ(error_of(one), unavailable);
  auto next = ask(7);
  asked(1, 1)->answer(7, 2);
  EXPECT_EQ(answer_of(next), 2);
  at(1)->answer(7, 3);  // Once too often, and kept for no one.
  auto last = ask(7);
  asked(2, 1)->answer(7, 4);
  EXPECT_EQ(answer_of(last), 4);
}

TEST_F(keep_alives_test, where_calls_go_another_way_the_stream_does_too) {
  const std::vector<keep_alives::way> ways{{0, ""}, {1, ""}, {1, "token"}, {1, "another"}};
  for (std::size_t i = 0; i < ways.size(); ++i) {
    auto one = ask(7, 20s, ways[i]);
    asked(i, 1)->answer(7, static_cast<revision>(i));
    EXPECT_EQ(answer_of(one), static_cast<revision>(i));
    if (i > 0) {
      EXPECT_TRUE(at(i - 1)->ended);
    }
  }
  EXPECT_EQ(opened(), ways.size());
}

TEST_F(keep_alives_test, whoever_waits_on_the_one_before_still_gets_the_answer) {
  auto before = ask(7);
  asked(0, 1);
  auto after = ask(7, 20s, {.route = 1, .token = {}});
  asked(1, 1)->answer(7, 2);
  EXPECT_EQ(answer_of(after), 2);
  EXPECT_FALSE(at(0)->ended);
  at(0)->answer(7, 1);
  EXPECT_EQ(answer_of(before), 1);
  EXPECT_TRUE(at(0)->ended);
}

TEST_F(keep_alives_test, without_a_thread_for_it_there_is_no_stream_until_there_is_one) {
  const auto none = [](const auto&) -> std::unique_ptr<keep_alive_stream> {
    throw std::system_error{std::make_error_code(std::errc::resource_unavailable_try_again)};
  };
  EXPECT_THROW(client_.ask(7, {}, none, boot_clock::now() + 1s), std::system_error);
  auto one = ask(7);
  asked(0, 1)->answer(7, 1);
  EXPECT_EQ(answer_of(one), 1);
}

}  // namespace
}  // namespace holdfast::etcd
