#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "store/redis/layout.hpp"
#include "store/redis/store.hpp"
#include "support/plain_redis.hpp"
#include "support/redis_server.hpp"

namespace holdfast::redis::test {

using namespace std::chrono_literals;
using outcome = core::turn_answer::outcome;
using released = core::release_answer::outcome;

/// Stores over the tests' plain client, so that what is seen is what the scripts and the verbs do.
class with_scripts : public ::testing::Test {
 protected:
  std::unique_ptr<core::store> open(bool hears = true) {
    const auto socket = server_.socket();
    links with;
    with.verbs = std::make_unique<testing::plain_channel>(socket);
    with.keeper = std::make_unique<testing::plain_channel>(socket);
    with.listen = [socket, hears](std::string channel, ear_callbacks tell) -> std::unique_ptr<ear> {
      if (!hears) return std::make_unique<deaf_ear>();
      return testing::plain_ear(socket, std::move(channel), std::move(tell));
    };
    with.shown = server_.unix_url();
    with.warn = [this](const status& why) {
      const std::lock_guard lock{mutex_};
      warnings_.push_back(why);
    };
    return open_store(std::move(with));
  }
  std::vector<status> warnings() {
    const std::lock_guard lock{mutex_};
    return warnings_;
  }

  static core::request ask(std::string resource, duration ttl = 60s, std::uint32_t reserve = 0) {
    core::request made;
    made.resource = std::move(resource);
    made.owner = core::owner_id::random();
    made.ttl = ttl;
    made.reserve = reserve;
    made.party = "host=here\npid=42\n";
    return made;
  }
  static time_point by() { return boot_clock::now() + 20s; }
  std::string cli(const std::vector<std::string>& words) { return server_.cli(words); }
  std::string lease_of(const std::string& name) { return std::string{resource_keys{name}.lease()}; }

  std::uint64_t grant(core::store& at, const core::request& what) {
    const auto answer = at.acquire(what, true, by());
    EXPECT_EQ(answer.is, outcome::granted) << answer.why.message();
    return answer.token;
  }
  void queue(core::store& at, const core::request& what) {
    const auto answer = at.acquire(what, true, by());
    EXPECT_EQ(answer.is, outcome::queued) << answer.why.message();
  }
  released release(core::store& at, const core::request& what, std::uint64_t token) {
    const auto answer = at.release({what.resource, what.owner, {}, token}, by());
    EXPECT_TRUE(answer.why.ok()) << answer.why.message();
    return answer.is;
  }
  core::wait_verdict beat(core::store& at, const core::request& what) {
    const core::waiter_ref who{what.resource, what.owner};
    auto verdict = core::wait_verdict::unknown;
    const auto how = at.heartbeat({&who, 1}, {&verdict, 1}, by());
    EXPECT_TRUE(how.ok()) << how.message();
    return verdict;
  }
  core::renew_verdict renew(core::store& at, const core::request& what) {
    const core::lease_ref which{what.resource, what.owner, what.ttl, 0};
    auto verdict = core::renew_verdict::unknown;
    const auto how = at.renew({&which, 1}, {&verdict, 1}, by());
    EXPECT_TRUE(how.why.ok()) << how.why.message();
    return verdict;
  }

  testing::redis_server server_;

 private:
  struct deaf_ear final : ear {
    status ready(time_point) override { return {errc::not_authorised, "no channels"}; }
  };
  std::mutex mutex_;
  std::vector<status> warnings_;
};

}  // namespace holdfast::redis::test
