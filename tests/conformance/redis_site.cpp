#include <gtest/gtest.h>

#include <cstdlib>
#include <stdexcept>
#include <string>
#include <thread>

#include "conformance/site.hpp"
#include "core/system_clock.hpp"
#include "support/redis_server.hpp"

extern "C" const holdfast::core::store_module* holdfast_store_redis() noexcept;

namespace holdfast::conformance {

namespace {

/// One server for the program, emptied for each case, in real time. How it is reached is HOLDFAST_REDIS_BY: tcp (the
/// default), unix or tls.
class redis_site final : public site {
 public:
  redis_site() { server().cli({"FLUSHALL"}); }

  std::string url() const override {
    const auto* const way = std::getenv("HOLDFAST_REDIS_BY");
    const std::string by = way != nullptr ? way : "tcp";
    if (by == "tcp") return server().url();
    if (by == "unix") return server().unix_url();
    if (by == "tls") return server().tls_url();
    throw std::runtime_error{"HOLDFAST_REDIS_BY is " + by};
  }

  std::unique_ptr<core::store> open() override {
    core::store_options options;
    options.command_timeout = options.connect_timeout = std::chrono::seconds{20};
    options.time = core::system_clock();
    options.warn = [](const status& why) { ADD_FAILURE() << "unexpected warning: " << why.message(); };
    return opened(*holdfast_store_redis(), url(), options);
  }

  time_point now() const override { return boot_clock::now(); }
  void pass(duration span) override { std::this_thread::sleep_for(span); }

 private:
  static testing::redis_server& server() {
    static testing::redis_server one{{.tls = true}};
    return one;
  }
};

}  // namespace

std::unique_ptr<site> make_site() { return std::make_unique<redis_site>(); }

}  // namespace holdfast::conformance
