// Many threads that ask over one stream of keep-alives, which soon fails each time.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "core/condition.hpp"
#include "store/etcd/keep_alives.hpp"

namespace holdfast::etcd {
namespace {

using namespace std::chrono_literals;

/// What this thread asked for last: its number among all requests.
thread_local revision asked_last = 0;
std::atomic<revision> asked_so_far{0};

/// Answers by itself on a thread of its own, in order, with the request's number; now and then late, and soon it fails.
class moody_stream final : public keep_alive_stream {
 public:
  moody_stream(std::shared_ptr<keep_alive_sink> to, unsigned seed)
      : to_{std::move(to)}, seed_{seed}, thread_{[this] { run(); }} {}
  ~moody_stream() override {
    {
      const std::lock_guard lock{mutex_};
      over_ = true;
      changed_.notify_all();
    }
    thread_.join();
  }
  void ask(lease_id lease) override {
    const std::lock_guard lock{mutex_};
    asked_last = ++asked_so_far;
    asked_.emplace_back(lease, asked_last);
    changed_.notify_all();
  }

 private:
  void run() {
    std::unique_lock lock{mutex_};
    for (unsigned i = seed_; !over_; ++i) {
      while (asked_.empty() && !over_) changed_.wait(lock);
      if (over_ || i % 53 == 0) break;
      if (i % 31 == 0) changed_.wait_for(lock, 10ms);
      lease_reply what;
      what.from = {.member = 1, .at = asked_.front().second, .term = 2};
      what.lease = asked_.front().first;
      asked_.pop_front();
      lock.unlock();
      to_->on_answer(what);
      lock.lock();
    }
    lock.unlock();
    to_->on_stream_lost({.code = 14, .message = "Socket closed", .endpoint = {}});
  }

  const std::shared_ptr<keep_alive_sink> to_;
  const unsigned seed_;
  std::mutex mutex_;
  core::condition changed_;
  std::deque<std::pair<lease_id, revision>> asked_;  // guarded by mutex_, like all below
  bool over_ = false;
  std::thread thread_;
};

TEST(keep_alives_threads_test, each_gets_its_own_answers_over_moody_streams) {
  keep_alives client;
  std::atomic<unsigned> streams{0};
  std::atomic<int> answered{0};
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 8; ++thread)
    threads.emplace_back([&, lease = static_cast<lease_id>(thread % 3)] {
      for (int i = 0; i < 400; ++i) {
        const keep_alives::way by_way{.route = static_cast<std::uint64_t>(i / 100), .token = {}};
        const auto open = [&](std::shared_ptr<keep_alive_sink> sink) {
          return std::make_unique<moody_stream>(std::move(sink), ++streams);
        };
        const auto within = i % 7 == 0 ? 5ms : 20s;
        const auto how = client.ask(lease, by_way, open, boot_clock::now() + within);
        if (const auto* answer = std::get_if<lease_reply>(&how)) {
          ++answered;
          if (answer->lease != lease || answer->from.at != asked_last) ++wrong;
        }
      }
    });
  for (auto& each : threads) each.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_GT(answered, 1000);
  EXPECT_GT(streams, 1U);
}

}  // namespace
}  // namespace holdfast::etcd
