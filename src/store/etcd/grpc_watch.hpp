#pragma once

#include <grpcpp/channel.h>

#include <functional>
#include <memory>
#include <string>

#include "store/etcd/transport.hpp"

namespace holdfast::etcd {

/// A stream of watches on that channel, with a thread of its own that reads it, and calls `on_refused` where the token is
/// not good any more.
std::unique_ptr<watch_stream> open_watch_stream(std::shared_ptr<grpc::Channel> to, const std::string& token,
                                                std::shared_ptr<watch_sink> sink, std::function<void()> on_refused);

}  // namespace holdfast::etcd
