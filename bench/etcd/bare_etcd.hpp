#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/support/sync_stream.h>

#include <cstdint>
#include <memory>
#include <string>

#include "wire.pb.h"

namespace holdfast::bench {

namespace wire = holdfast_etcd_wire;

/// gRPC and nothing else: what any client of etcd's has to do at the least. Throws std::runtime_error.
class bare_etcd {
 public:
  explicit bare_etcd(const std::string& endpoint);

  [[nodiscard]] std::int64_t grant(std::int64_t seconds);
  /// One transaction with a put; its revision.
  std::int64_t put(const std::string& key, const std::string& value, std::int64_t lease);
  /// One transaction with a delete.
  void remove(const std::string& key);
  wire::TxnResponse commit(const wire::TxnRequest& what);
  [[nodiscard]] const std::shared_ptr<grpc::Channel>& channel() const noexcept { return channel_; }

 private:
  std::shared_ptr<grpc::Channel> channel_;
};

/// One stream of watches, read by the thread that waits.
class bare_watch {
 public:
  explicit bare_watch(const bare_etcd& on);
  ~bare_watch();
  bare_watch(const bare_watch&) = delete;
  bare_watch& operator=(const bare_watch&) = delete;

  /// From `since` on (0: from now on), once etcd has confirmed it.
  void follow(const std::string& key, std::int64_t since = 0);
  void await_delete();

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<wire::WatchRequest, wire::WatchResponse>> stream_;
  std::int64_t last_ = 0;
};

/// etcd's usual recipe, as its Go library has it: watches the key before its own from the revision of the read.
class usual_recipe {
 public:
  usual_recipe(const std::string& endpoint, const std::string& name);
  void lock();
  void unlock();

 private:
  bare_etcd with_;
  bare_watch watch_;
  std::string prefix_;
  std::int64_t lease_;
  std::string key_;
};

}  // namespace holdfast::bench
