#include "support/etcd_recipe.hpp"

#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <thread>
#include <vector>

#include "store/etcd/layout.hpp"

namespace holdfast::testing {
namespace {

using namespace std::chrono_literals;

time_point soon() { return boot_clock::now() + 20s; }

std::string hex_of(etcd::lease_id lease) {
  char text[32];
  std::snprintf(text, sizeof text, "%llx", static_cast<unsigned long long>(lease));
  return text;
}

}  // namespace

recipe_client::recipe_client(etcd::transport& with, std::string name)
    : with_{with}, prefix_{name + "/"}, lease_{with.grant(60, soon()).lease}, key_{prefix_ + hex_of(lease_)} {}

void recipe_client::lock() {
  etcd::transaction put;
  put.then.emplace_back(etcd::put_if_absent{{.key = key_, .value = "", .lease = lease_}});
  put.then.emplace_back(etcd::read{.key = key_, .end = {}});
  created_ = with_.commit(put, soon()).results.at(1).entries.at(0).created;
  etcd::transaction look;
  look.then.emplace_back(etcd::read{.key = prefix_,
                                    .end = etcd::end_of(prefix_),
                                    .in = etcd::read::order::newest_first,
                                    .limit = 1,
                                    .created_by = created_ - 1});
  while (!with_.commit(look, soon()).results.at(0).entries.empty()) std::this_thread::sleep_for(2ms);
}

void recipe_client::unlock() {
  etcd::transaction remove;
  remove.then.emplace_back(etcd::erase{key_});
  with_.commit(remove, soon());
}

}  // namespace holdfast::testing
