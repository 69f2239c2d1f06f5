#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "conformance/site.hpp"
#include "store/etcd/store.hpp"
#include "support/fake_etcd.hpp"

namespace holdfast::conformance {

namespace {

/// The store without gRPC, over an etcd within the process.
class etcd_fake_site final : public site {
 public:
  std::string url() const override { return "etcd://fake"; }
  std::unique_ptr<core::store> open() override {
    return etcd::open_store(server_->connect(), url(), [](const status& why) { ADD_FAILURE() << why.message(); });
  }
  time_point now() const override { return boot_clock::now(); }
  void pass(duration span) override { std::this_thread::sleep_for(span); }
  duration lateness() const override { return std::chrono::milliseconds{200}; }

 private:
  const std::shared_ptr<holdfast::testing::fake_etcd> server_ = holdfast::testing::fake_etcd::make();
};

}  // namespace

std::unique_ptr<site> make_site() { return std::make_unique<etcd_fake_site>(); }

}  // namespace holdfast::conformance
