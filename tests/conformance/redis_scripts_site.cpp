#include <gtest/gtest.h>

#include <thread>

#include "conformance/site.hpp"
#include "store/redis/store.hpp"
#include "support/plain_redis.hpp"
#include "support/redis_server.hpp"

namespace holdfast::conformance {

namespace {

/// The store for Redis over the tests' own plain client: the scripts and the verbs without the store's connection.
class redis_scripts_site final : public site {
 public:
  redis_scripts_site() { server().cli({"FLUSHALL"}); }

  std::string url() const override { return server().unix_url(); }

  std::unique_ptr<core::store> open() override {
    const auto socket = server().socket();
    redis::links with;
    with.verbs = std::make_unique<testing::plain_channel>(socket);
    with.keeper = std::make_unique<testing::plain_channel>(socket);
    with.listen = [socket](std::string channel, redis::ear_callbacks tell) {
      return testing::plain_ear(socket, std::move(channel), std::move(tell));
    };
    with.shown = url();
    with.warn = [](const status& why) { ADD_FAILURE() << "unexpected warning: " << why.message(); };
    return redis::open_store(std::move(with));
  }

  time_point now() const override { return boot_clock::now(); }
  void pass(duration span) override { std::this_thread::sleep_for(span); }

 private:
  static testing::redis_server& server() {
    static testing::redis_server one;
    return one;
  }
};

}  // namespace

std::unique_ptr<site> make_site() { return std::make_unique<redis_scripts_site>(); }

}  // namespace holdfast::conformance
