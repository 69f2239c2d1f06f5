#pragma once

#include <grpcpp/channel.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "store/etcd/cluster.hpp"

namespace holdfast::etcd {

/// A channel to each member, made when first needed, and which member calls go to: one, until it fails. Thread-safe.
class grpc_channels {
 public:
  explicit grpc_channels(const cluster& what);

  struct way {
    std::shared_ptr<grpc::Channel> channel;
    const std::string& endpoint;
    std::uint64_t route = 0;
  };
  way current();
  /// Calls go to the next member from now on, unless somebody else has seen to that since `route`.
  void pass_over(std::uint64_t route) noexcept;
  [[nodiscard]] std::uint64_t route() const noexcept { return route_.load(std::memory_order_acquire); }
  [[nodiscard]] std::size_t size() const noexcept { return channels_.size(); }

 private:
  std::shared_ptr<grpc::Channel> make(const std::string& endpoint) const;

  const cluster what_;
  std::atomic<std::uint64_t> route_{0};  ///< Its remainder is the member.
  std::mutex mutex_;
  std::vector<std::shared_ptr<grpc::Channel>> channels_;  // guarded by mutex_
};

}  // namespace holdfast::etcd
