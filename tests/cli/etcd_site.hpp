#pragma once

#include "support/etcd_server.hpp"

namespace holdfast::testing {

/// The one cluster of the program.
etcd_cluster& etcd_server();

}  // namespace holdfast::testing
