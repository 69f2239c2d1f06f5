// What becomes of a waiter's place when its lease is gone: told at once where somebody revoked it or nothing was heard of
// etcd for longer than its ttl, and taken anew where it was the pause of a few seconds that cost it.
#include <stdexcept>
#include <thread>

#include "etcd/fake_fixture.hpp"

namespace holdfast::testing {
namespace {

using verdict = core::wait_verdict;

class places_test : public fake_test {
 protected:
  places_test() {
    token_ = holds_->acquire(holder_, true, by()).token;
    EXPECT_EQ(waits_->acquire(waiter_, true, by()).is, outcome::queued);
  }
  void release() {
    EXPECT_EQ(holds_->release({"k", holder_.owner, holder_.ttl, token_}, by()).is,
              core::release_answer::outcome::released);
  }
  /// As whoever administers etcd: the lease that the waiter's key is named for.
  void revoke_its_lease() {
    const auto bare = server_->connect();
    etcd::transaction what;
    what.then.emplace_back(etcd::read{.key = "k/", .end = "k0", .in = etcd::read::order::oldest_first});
    const auto key = bare->commit(what, by()).results.at(0).entries.at(1).key;
    bare->revoke(static_cast<etcd::lease_id>(std::stoull(key.substr(key.rfind('/') + 1), nullptr, 16)), by());
  }
  void wait_for(duration span) {
    for (const auto end = boot_clock::now() + span; boot_clock::now() < end; std::this_thread::sleep_for(300ms))
      ASSERT_EQ(heartbeat(*waits_, waiter_), verdict::waiting);
  }
  /// As if the process had stood still.
  static void pause(duration span) { std::this_thread::sleep_for(span); }

  const std::unique_ptr<core::store> holds_ = open();
  const std::unique_ptr<core::store> waits_ = open();
  const core::request holder_ = ask("k");
  const core::request waiter_ = ask("k", 8s);
  std::uint64_t token_ = 0;
};

TEST_F(places_test, a_pause_shorter_than_the_ttl_costs_the_place_alone) {
  wait_for(2200ms);  // Not yet renewed: the pause and this make more than the ttl.
  pause(6s);
  EXPECT_EQ(heartbeat(*waits_, waiter_), verdict::gone);
  EXPECT_EQ(waits_->claim(waiter_, by()).is, outcome::gone);
}

TEST_F(places_test, also_long_after_a_leader_that_was_replaced_revoked_its_lease) {
  server_->elect();
  revoke_its_lease();
  wait_for(8500ms);
  pause(5s);
  EXPECT_EQ(heartbeat(*waits_, waiter_), verdict::gone);
  EXPECT_EQ(waits_->claim(waiter_, by()).is, outcome::gone);
}

TEST_F(places_test, a_revoked_lease_is_an_error_also_if_the_claim_finds_it_first) {
  wait_for(2200ms);
  pause(600ms);  // Its renewal is due.
  revoke_its_lease();
  release();
  const auto how = waits_->claim(waiter_, by());
  EXPECT_EQ(how.is, outcome::failed);
  EXPECT_EQ(how.why, errc::not_held);
}

TEST_F(places_test, a_revoked_lease_is_not_forgotten_by_a_look) {
  wait_for(2200ms);
  pause(600ms);
  revoke_its_lease();
  EXPECT_EQ(waits_->claim(waiter_, by()).is, outcome::failed);
  EXPECT_EQ(heartbeat(*waits_, waiter_), verdict::gone);
  release();
  EXPECT_EQ(waits_->claim(waiter_, by()).is, outcome::failed);
}

}  // namespace
}  // namespace holdfast::testing
