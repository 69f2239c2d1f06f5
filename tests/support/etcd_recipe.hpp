#pragma once

#include <string>

#include "store/etcd/transport.hpp"

namespace holdfast::testing {

/// A client of etcd's own recipe for locks, as its Go library has it: a key under the name with the lease's id, put if it
/// is not there; the oldest key holds; whoever is not, waits for the end of the key just before.
class recipe_client {
 public:
  recipe_client(etcd::transport& with, std::string name);
  void lock();
  void unlock();
  [[nodiscard]] etcd::revision token() const noexcept { return created_; }

 private:
  etcd::transport& with_;
  const std::string prefix_;
  const etcd::lease_id lease_;
  const std::string key_;
  etcd::revision created_ = 0;
};

}  // namespace holdfast::testing
