// What is done behind a client's back: leases revoked, keys deleted, history compacted.
#include <thread>

#include "etcd/fixture.hpp"

namespace holdfast::testing {
namespace {

class loss_test : public etcd_test {
 protected:
  std::shared_ptr<recorder> heard_ = std::make_shared<recorder>();
  client client_{server().url(), {.observer = heard_}};
  std::unique_ptr<etcd::transport> bare_ = bare();
};

TEST_F(loss_test, a_revoked_lease_is_lost_and_told) {
  mutex mine{client_, "k", {.ttl = 3s}};
  mine.lock();
  const auto lost = mine.lease().lost();
  bare_->revoke(lease_of(*bare_, "k"), soon());
  EXPECT_TRUE(eventually([&] { return lost.stop_requested(); }));
  EXPECT_FALSE(mine.lease().held());
  EXPECT_EQ(mine.release(), errc::not_held);
  EXPECT_TRUE(eventually([&] { return heard_->count(event_kind::lost) == 1; }));
  EXPECT_TRUE(mine.try_lock());  // By a lease made anew.
  mine.unlock();
}

TEST_F(loss_test, a_key_that_was_deleted_is_lost_while_its_neighbours_stay) {
  mutex mine{client_, "k", {.ttl = 3s}};
  mutex other{client_, "other", {.ttl = 3s}};
  mine.lock();
  other.lock();
  const auto lost = mine.lease().lost();
  ASSERT_EQ(server().control({"del", "--prefix", "k/"}).code, 0);
  EXPECT_TRUE(eventually([&] { return lost.stop_requested(); }));
  std::this_thread::sleep_for(3s);  // Longer than the ttl: the other one is renewed all the while.
  EXPECT_TRUE(other.lease().held());
  other.unlock();
}

TEST_F(loss_test, of_very_many_the_deleted_ones_are_found) {
  constexpr int count = 250;  // More than one transaction reads.
  std::vector<held_lock> held;
  for (int i = 0; i < count; ++i) held.push_back(client_.acquire("many/" + std::to_string(i), {.ttl = 3s}));
  ASSERT_EQ(server().control({"del", "--prefix", "many/7/"}).code, 0);
  ASSERT_EQ(server().control({"del", "--prefix", "many/240/"}).code, 0);
  EXPECT_TRUE(eventually([&] { return !held[7].lease().held() && !held[240].lease().held(); }));
  std::this_thread::sleep_for(3s);
  int standing = 0;
  for (const auto& each : held) standing += each.lease().held() ? 1 : 0;
  EXPECT_EQ(standing, count - 2);
}

/// Somebody holds `k`, and somebody else waits for it.
class lost_place_test : public loss_test {
 protected:
  void SetUp() override {
    holds_.lock();
    waits_ = std::thread{[this] {
      ended_ = waiting_.acquire();
      over_ = true;
    }};
    ASSERT_TRUE(await_waiters(client_, "k", 1));
  }
  void TearDown() override {
    if (holds_.lease().held()) holds_.unlock();
    if (waits_.joinable()) waits_.join();
  }
  void expect_an_error_and_no_place() {
    EXPECT_TRUE(eventually([&] { return over_.load(); }));
    ASSERT_TRUE(over_);
    EXPECT_EQ(ended_, errc::not_held) << ended_.message();
    EXPECT_NE(ended_.message().find("place"), std::string::npos) << ended_.message();
    EXPECT_NE(ended_.message().find(server().url()), std::string::npos) << ended_.message();
    EXPECT_EQ(waiters_of(client_, "k"), 0u);
    EXPECT_TRUE(holds_.lease().held());
  }

  mutex holds_{client_, "k"};
  client second_{server().url()};
  mutex waiting_{second_, "k", {.ttl = 3s}};
  std::thread waits_;
  status ended_;
  std::atomic<bool> over_{false};
};

TEST_F(lost_place_test, a_waiter_whose_lease_was_revoked_gets_an_error) {
  bare_->revoke(lease_of(*bare_, "k", 1), soon());
  expect_an_error_and_no_place();
  holds_.unlock();
  EXPECT_TRUE(waiting_.try_lock());  // It may ask again.
  waiting_.unlock();
}

TEST_F(lost_place_test, a_waiter_whose_key_was_deleted_gets_an_error) {
  ASSERT_EQ(server().control({"del", key_of_place(*bare_, "k", 1)}).code, 0);
  expect_an_error_and_no_place();
}

TEST_F(lost_place_test, the_lease_that_the_key_is_named_for_counts_too) {
  bare_->revoke(named_lease(key_of_place(*bare_, "k", 1)), soon());
  expect_an_error_and_no_place();
}

TEST_F(lost_place_test, nor_does_it_hold_by_another_lease_when_its_turn_comes_first) {
  bare_->revoke(named_lease(key_of_place(*bare_, "k", 1)), soon());
  holds_.unlock();
  EXPECT_TRUE(eventually([&] { return over_.load(); }));
  waits_.join();
  EXPECT_EQ(ended_, errc::not_held) << ended_.message();
  EXPECT_TRUE(holds_.try_lock());  // Nothing of it is in the way.
}

TEST_F(loss_test, compaction_while_waiting) {
  mutex holds{client_, "k"};
  holds.lock();
  client second{server().url()};
  mutex waiting{second, "k"};
  std::thread waits{[&] { waiting.lock(); }};
  ASSERT_TRUE(await_waiters(client_, "k", 1));
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(server().control({"put", "something", "else"}).code, 0);
    const auto now = bare_->commit({}, soon()).from.at;
    ASSERT_EQ(server().control({"compact", std::to_string(now)}).code, 0);
  }
  holds.unlock();
  waits.join();
  EXPECT_TRUE(waiting.lease().held());
  waiting.unlock();
}

TEST_F(loss_test, a_restart_of_the_server_while_it_is_held_and_waited_for) {
  mutex holds{client_, "k", {.ttl = 10s}};
  holds.lock();
  client second{server().url()};
  mutex waiting{second, "k", {.ttl = 10s}};
  std::thread waits{[&] { waiting.lock(); }};
  ASSERT_TRUE(await_waiters(client_, "k", 1));
  server().kill(0);
  server().start(0);
  ASSERT_TRUE(server().await_healthy());
  EXPECT_TRUE(holds.lease().held());
  ASSERT_TRUE(await_waiters(client_, "k", 1));
  EXPECT_TRUE(holds.release().ok());
  waits.join();
  EXPECT_TRUE(waiting.lease().held());
  waiting.unlock();
}

/// A request that a stopped member carried out long after the client had given it up.
TEST_F(loss_test, a_key_of_this_client_that_nobody_uses_is_no_obstacle) {
  mutex before{client_, "elsewhere"};
  before.lock();
  const auto shared = lease_of(*bare_, "elsewhere");
  etcd::transaction late;
  late.then.emplace_back(etcd::put{
      .key = etcd::key_of("k", shared), .value = etcd::text_of({.owner = {9, 9}, .claimed = true}), .lease = shared});
  bare_->commit(late, soon());
  mutex mine{client_, "k"};
  EXPECT_TRUE(mine.acquire({.timeout = 5s}).ok());
  EXPECT_TRUE(mine.lease().held());
  mine.unlock();
  before.unlock();
}

TEST_F(loss_test, a_lock_without_renewal_has_a_lease_of_its_own) {
  mutex renewed{client_, "r", {.ttl = 5s}};
  mutex manual{client_, "m", {.ttl = 5s, .renew = false}};
  renewed.lock();
  manual.lock();
  const auto own = lease_of(*bare_, "m");
  EXPECT_NE(own, lease_of(*bare_, "r"));
  EXPECT_TRUE(manual.refresh(5s).ok());
  EXPECT_EQ(manual.refresh(7s), errc::unsupported);
  mutex odd{client_, "odd", {.ttl = 1500ms, .renew = false}};
  odd.lock();
  EXPECT_TRUE(odd.refresh(1500ms).ok());  // Of which etcd made 2 s.
  odd.unlock();
  manual.unlock();
  EXPECT_LE(bare_->time_to_live(own, false, soon()).seconds, 0);  // It is gone with the lock.
  EXPECT_TRUE(renewed.lease().held());
}

}  // namespace
}  // namespace holdfast::testing
