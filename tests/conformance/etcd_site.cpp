#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "conformance/site.hpp"
#include "core/system_clock.hpp"
#include "store/etcd/store.hpp"
#include "support/etcd_server.hpp"

#ifndef HOLDFAST_ETCD_MEMBERS
#define HOLDFAST_ETCD_MEMBERS 1
#endif

namespace holdfast::conformance {

namespace {

/// One cluster for all cases of the program, emptied for each.
class etcd_site final : public site {
 public:
  etcd_site() { server().delete_all_keys(); }

  std::string url() const override { return server().url(); }

  std::unique_ptr<core::store> open() override {
    core::store_options options;
    options.command_timeout = options.connect_timeout = std::chrono::seconds{20};
    options.time = core::system_clock();
    options.warn = [](const status& why) {
      if (why.message().find("this is etcd 3.") == std::string::npos)
        ADD_FAILURE() << "unexpected warning: " << why.message();
    };
    return opened(*holdfast_store_etcd(), url(), options);
  }

  time_point now() const override { return boot_clock::now(); }
  void pass(duration span) override { std::this_thread::sleep_for(span); }
  /// It looks for leases that ran out twice a second, and revokes them through raft.
  duration lateness() const override { return std::chrono::milliseconds{1500}; }

 private:
  static holdfast::testing::etcd_cluster& server() {
    static holdfast::testing::etcd_cluster one{{.members = HOLDFAST_ETCD_MEMBERS}};
    return one;
  }
};

}  // namespace

std::unique_ptr<site> make_site() { return std::make_unique<etcd_site>(); }

}  // namespace holdfast::conformance
