#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "core/system_clock.hpp"
#include "store/mysql/pace.hpp"
#include "store/mysql/store.hpp"
#include "support/mariadb_server.hpp"

namespace holdfast::mysql::test {

using namespace std::chrono_literals;
using outcome = core::turn_answer::outcome;
using release_outcome = core::release_answer::outcome;
using holdfast::testing::eventually;
using holdfast::testing::fresh_database;
using holdfast::testing::mariadb_server;
using holdfast::testing::shared_mariadb;

inline time_point soon(duration within = 30s) { return boot_clock::now() + within; }

/// Throws holdfast::error.
inline std::unique_ptr<core::store> open(const std::string& url) {
  core::store_options options;
  options.command_timeout = options.connect_timeout = 20s;
  options.time = core::system_clock();
  options.warn = [](const status&) {};
  std::unique_ptr<core::store> made;
  if (const status how = holdfast_store_mysql()->open(core::url::parse(url), options, made); !how.ok())
    throw error{how};
  return made;
}

/// By an owner as it comes.
inline core::request ask_by_anyone(std::string name, duration ttl = 30s, std::uint32_t reserve = 0) {
  core::request what;
  what.resource = std::move(name);
  what.owner = core::owner_id::random();
  what.ttl = ttl;
  what.reserve = reserve;
  what.party = "pid=42\nhost=here\n";
  return what;
}

/// By one whose grant does not happen to start the clean-up, with statements and a connection of its own.
inline core::request ask_for(std::string name, duration ttl = 30s, std::uint32_t reserve = 0) {
  auto what = ask_by_anyone(std::move(name), ttl, reserve);
  while (what.owner.low() % owners_a_clean_up == 0) what.owner = core::owner_id::random();
  return what;
}

inline core::lease_ref lease_of(const core::request& what, std::uint64_t token, duration ttl = 30s) {
  return {what.resource, what.owner, ttl, token};
}

inline core::waiter_ref waiter_of(const core::request& what) { return {what.resource, what.owner}; }

/// The token; fails the test unless it is granted.
inline std::uint64_t grant(core::store& at, const core::request& what) {
  const auto answer = at.acquire(what, true, soon());
  EXPECT_EQ(answer.is, outcome::granted) << answer.why.message();
  return answer.token;
}

inline void queue(core::store& at, const core::request& what) {
  const auto answer = at.acquire(what, true, soon());
  EXPECT_EQ(answer.is, outcome::queued) << answer.why.message();
}

inline core::renew_verdict renew(core::store& at, const core::request& what, duration ttl, time_point by = soon()) {
  const core::lease_ref which = lease_of(what, 0, ttl);
  auto verdict = core::renew_verdict::unknown;
  static_cast<void>(at.renew({&which, 1}, {&verdict, 1}, by));
  return verdict;
}

inline release_outcome release(core::store& at, const core::request& what, std::uint64_t token) {
  const auto answer = at.release(lease_of(what, token), soon());
  EXPECT_TRUE(answer.why.ok()) << answer.why.message();
  return answer.is;
}

/// Claims until it is granted; the token, or 0.
inline std::uint64_t claim_in_time(core::store& at, const core::request& what) {
  std::uint64_t token = 0;
  eventually([&] {
    const auto answer = at.claim(what, soon());
    if (answer.is == outcome::granted) token = answer.token;
    if (answer.is == outcome::gone) at.acquire(what, true, soon());
    return token != 0;
  });
  return token;
}

/// Counts hints. Must outlive the store.
class hints {
 public:
  explicit hints(core::store& of) {
    of.on_turn([this](const core::owner_id& owner) {
      const std::lock_guard lock{mutex_};
      heard_.push_back(owner);
    });
  }
  bool await(const core::owner_id& owner) {
    return eventually([&] {
      const std::lock_guard lock{mutex_};
      return std::find(heard_.begin(), heard_.end(), owner) != heard_.end();
    });
  }

 private:
  std::mutex mutex_;
  std::vector<core::owner_id> heard_;
};

class mysql_test : public ::testing::Test {
 protected:
  mariadb_server& server_ = shared_mariadb();
  const std::string database_ = fresh_database();
  const std::string url_ = server_.url(database_);
};

}  // namespace holdfast::mysql::test
