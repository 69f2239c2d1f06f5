#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

#include "store/etcd/store.hpp"
#include "support/fake_etcd.hpp"

namespace holdfast::testing {

using namespace std::chrono_literals;
using outcome = core::turn_answer::outcome;

/// The store over an etcd within the process, which has faults at will.
class fake_test : public ::testing::Test {
 protected:
  static time_point by() { return boot_clock::now() + 20s; }
  std::unique_ptr<core::store> open() {
    return etcd::open_store(server_->connect(), "etcd://fake", [](const status&) {});
  }
  static core::request ask(const std::string& name, duration ttl = 60s) {
    core::request made;
    made.resource = name;
    made.owner = core::owner_id::random();
    made.ttl = ttl;
    return made;
  }
  static core::renew_verdict renew(core::store& at, const core::request& what, time_point* sent = nullptr) {
    const core::lease_ref lease{what.resource, what.owner, what.ttl, 0};
    auto verdict = core::renew_verdict::unknown;
    const auto answer = at.renew({&lease, 1}, {&verdict, 1}, by());
    if (sent != nullptr) *sent = answer.sent;
    return verdict;
  }
  static core::wait_verdict heartbeat(core::store& at, const core::request& what) {
    const core::waiter_ref who{what.resource, what.owner};
    auto verdict = core::wait_verdict::unknown;
    EXPECT_TRUE(at.heartbeat({&who, 1}, {&verdict, 1}, by()).ok());
    return verdict;
  }
  const std::shared_ptr<fake_etcd> server_ = fake_etcd::make();
};

}  // namespace holdfast::testing
