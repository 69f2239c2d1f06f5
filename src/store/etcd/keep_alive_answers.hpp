#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <variant>

#include "core/condition.hpp"
#include "store/etcd/keep_alive_stream.hpp"

namespace holdfast::etcd {

/// An answer, or why there is none.
using keep_alive_outcome = std::variant<lease_reply, rpc_error>;

/// What was asked on one stream of keep-alives, and what came of it. An answer names its lease, but not which request
/// for it it is to. But etcd takes a stream's requests one after another: the oldest that has no answer yet is the one
/// that is answered, also if nobody waits for it any more. A stream that keeps to another order is not to be
/// trusted. Thread-safe.
class keep_alive_answers final : public keep_alive_sink {
 public:
  class request;

  /// `lease` is asked for next.
  std::shared_ptr<request> begin(lease_id lease);
  /// Its answer, by then.
  keep_alive_outcome await(const request& which, time_point by);
  /// Whether the stream is good for more: it is there, and nobody waited in vain.
  [[nodiscard]] bool takes_more() const;

  void on_answer(const lease_reply& what) override;
  void on_stream_lost(const rpc_error& why) override;

 private:
  void lose(const rpc_error& why);

  mutable std::mutex mutex_;
  core::condition changed_;
  std::deque<std::shared_ptr<request>> unanswered_;  // guarded by mutex_, like all below
  std::optional<rpc_error> lost_;
  bool late_ = false;
};

}  // namespace holdfast::etcd
