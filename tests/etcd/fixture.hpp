#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>

#include "holdfast/holdfast.hpp"
#include "store/etcd/grpc_transport.hpp"
#include "store/etcd/layout.hpp"
#include "store/etcd/transactions.hpp"
#include "support/etcd_server.hpp"
#include "support/recorder.hpp"

namespace holdfast::testing {

using namespace std::chrono_literals;
using holdfast::test::recorder;

/// One server for all tests of the program, emptied for each; a bare way to it, and clients of its own.
class etcd_test : public ::testing::Test {
 protected:
  etcd_test() { server().delete_all_keys(); }

  static etcd_cluster& server() {
    static etcd_cluster one;
    return one;
  }
  static time_point soon() { return boot_clock::now() + 20s; }
  static std::unique_ptr<etcd::transport> bare() {
    etcd::cluster what;
    what.endpoints = {server().endpoint(0)};
    what.shown = server().url();
    what.connect_timeout = 5s;
    return etcd::connect(what);
  }
  static std::size_t waiters_of(client& from, const std::string& name) {
    resource_view view;
    return from.inspect(name, view).ok() ? view.waiters.size() : 0;
  }
  static bool await_waiters(client& from, const std::string& name, std::size_t count) {
    return eventually([&] { return waiters_of(from, name) == count; });
  }
  /// The lease that the key is attached to which holds `name`.
  static etcd::lease_id lease_of(etcd::transport& with, const std::string& name, std::size_t place = 0) {
    return at_place(with, name, place).lease;
  }
  static std::string key_of_place(etcd::transport& with, const std::string& name, std::size_t place) {
    return at_place(with, name, place).key;
  }
  static etcd::lease_id named_lease(const std::string& key) {
    return static_cast<etcd::lease_id>(std::stoull(key.substr(key.rfind('/') + 1), nullptr, 16));
  }
  static etcd::entry at_place(etcd::transport& with, const std::string& name, std::size_t place) {
    const auto prefix = etcd::prefix_of(name);
    etcd::transaction what;
    what.then.emplace_back(
        etcd::read{.key = prefix, .end = etcd::end_of(prefix), .in = etcd::read::order::oldest_first});
    const auto answer = with.commit(what, soon());
    return answer.results.at(0).entries.at(place);
  }
};

}  // namespace holdfast::testing
