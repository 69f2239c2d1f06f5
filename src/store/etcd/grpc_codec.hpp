#pragma once

#include "store/etcd/values.hpp"
#include "wire.pb.h"

/// Between plain values and etcd's messages.
namespace holdfast::etcd {

namespace wire = holdfast_etcd_wire;

inline constexpr const char* keep_alive_path = "/etcdserverpb.Lease/LeaseKeepAlive";

header header_of(const wire::ResponseHeader& from);
entry entry_of(wire::KeyValue& from);
wire::TxnRequest encode(const transaction& what);
/// Moves what the answer holds out of it.
void decode(wire::TxnResponse& from, committed& to);
lease_reply decode(const wire::LeaseKeepAliveResponse& from);

}  // namespace holdfast::etcd
