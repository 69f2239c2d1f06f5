#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "conformance/site.hpp"

namespace holdfast::conformance {

using namespace std::chrono_literals;
using outcome = core::turn_answer::outcome;
using release_outcome = core::release_answer::outcome;

/// Takes the hints of one client, and lets a test wait for them (in real time).
class hint_box {
 public:
  void attach(core::store& to);
  /// Whether a hint for `owner`, or for everybody, is there or comes soon.
  bool await(const core::owner_id& owner);
  [[nodiscard]] bool got(const core::owner_id& owner);
  [[nodiscard]] std::size_t count();

 private:
  bool got_locked(const core::owner_id& owner) const;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<core::owner_id> hints_;
};

/// What every case has: a fresh site, a client or two, and short ways to say things.
class conformance : public testing::Test {
 protected:
  conformance();
  ~conformance() override;

  static constexpr duration lasting = 60s;  ///< A ttl that does not run out during a case.

  std::unique_ptr<core::store> open() { return site_->open(); }
  [[nodiscard]] time_point by() const { return site_->now() + 20s; }
  /// A ttl that a case can afford to wait out, and that a busy machine gets a few verbs done within.
  static constexpr duration brief() { return std::chrono::seconds{1}; }

  static core::request ask(std::string resource, duration ttl = lasting, std::uint32_t reserve = 0);
  static core::waiter_ref waiter(const core::request& of) { return {of.resource, of.owner}; }
  static core::lease_ref lease(const core::request& of, std::uint64_t token, duration ttl = lasting) {
    return {of.resource, of.owner, ttl, token};
  }

  core::turn_answer acquire(core::store& at, const core::request& what, bool wait = true) {
    return at.acquire(what, wait, by());
  }
  core::turn_answer claim(core::store& at, const core::request& what) { return at.claim(what, by()); }
  /// Acquires, and fails the case unless that is granted. The token.
  std::uint64_t grant(core::store& at, const core::request& what);
  /// Acquires, and fails the case unless that queues it.
  core::turn_answer queue(core::store& at, const core::request& what);
  /// Claims, and fails the case unless that is granted. The token.
  std::uint64_t take_up(core::store& at, const core::request& what);
  release_outcome release(core::store& at, const core::request& what, std::uint64_t token);
  core::wait_verdict heartbeat(core::store& at, const core::request& what);
  core::renew_verdict renew(core::store& at, const core::request& what, duration ttl = lasting);
  void withdraw(core::store& at, const core::request& what);
  resource_view inspect(core::store& at, std::string_view resource);

  /// Whether somebody new would be refused: the resource is held, handed off or waited for.
  bool occupied(core::store& at, const std::string& resource);
  /// Lets `span` pass while these waiters of `at` give signs of life.
  void pass_alive(core::store& at, const std::vector<core::request>& waiters, duration span);
  /// Lets a lease of `ttl` run out that was granted or renewed just now.
  void run_out(duration ttl) { site_->pass(ttl + site_->lateness()); }
  /// Longer than a hand-off waits for its claim.
  duration claim_window(core::store& at) { return at.traits().claim_window + 50ms; }

  std::unique_ptr<site> site_ = make_site();
  std::unique_ptr<core::store> a_ = open();
  std::unique_ptr<core::store> b_ = open();
};

}  // namespace holdfast::conformance
