#pragma once

#include <memory>

#include "store/etcd/cluster.hpp"
#include "store/etcd/transport.hpp"

namespace holdfast::etcd {

/// A cluster over gRPC. Makes no connection yet.
std::unique_ptr<transport> connect(const cluster& what);

}  // namespace holdfast::etcd
