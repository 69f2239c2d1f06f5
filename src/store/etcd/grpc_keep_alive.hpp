#pragma once

#include <grpcpp/channel.h>

#include <memory>
#include <string>

#include "store/etcd/keep_alive_stream.hpp"

namespace holdfast::etcd {

/// A stream of keep-alives on that channel, with a thread of its own that reads it.
std::unique_ptr<keep_alive_stream> open_keep_alive_stream(std::shared_ptr<grpc::Channel> to, const std::string& token,
                                                          std::shared_ptr<keep_alive_sink> sink);

}  // namespace holdfast::etcd
