#pragma once

#include "store/etcd/errors.hpp"
#include "store/etcd/values.hpp"

namespace holdfast::etcd {

/// What a stream of keep-alives tells. Called on a thread of the stream's, one call at a time.
class keep_alive_sink {
 public:
  keep_alive_sink() = default;
  keep_alive_sink(const keep_alive_sink&) = delete;
  keep_alive_sink& operator=(const keep_alive_sink&) = delete;
  virtual ~keep_alive_sink() = default;

  /// Who answered, for which lease, and its ttl; when that was asked the stream does not know.
  virtual void on_answer(const lease_reply& what) = 0;
  /// Nothing more is answered. The last call.
  virtual void on_stream_lost(const rpc_error& why) = 0;
};

/// One stream of keep-alives, to one member. Destroying it ends it and waits for the sink's last call, but not for the
/// member.
class keep_alive_stream {
 public:
  keep_alive_stream() = default;
  keep_alive_stream(const keep_alive_stream&) = delete;
  keep_alive_stream& operator=(const keep_alive_stream&) = delete;
  virtual ~keep_alive_stream() = default;

  /// Does not block. What is asked one after another is sent so.
  virtual void ask(lease_id lease) = 0;
};

}  // namespace holdfast::etcd
