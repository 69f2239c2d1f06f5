#pragma once

#include <memory>
#include <string>

#include "store/etcd/values.hpp"

namespace holdfast::etcd {

/// What a stream of watches tells. Called on a thread of the stream's, one call at a time, which it must not block long.
class watch_sink {
 public:
  watch_sink() = default;
  watch_sink(const watch_sink&) = delete;
  watch_sink& operator=(const watch_sink&) = delete;
  virtual ~watch_sink() = default;

  /// From now on nothing that befalls the key is missed; what befell it up to `at` is not told.
  virtual void on_watching(std::int64_t watch, revision at) = 0;
  /// The key was deleted at that revision. `before` is what it was, with an empty key if the server does not know it any
  /// more. False: the watch may go.
  virtual bool on_deleted(std::int64_t watch, const entry& before, revision at) = 0;
  /// This watch tells nothing any more.
  virtual void on_watch_lost(std::int64_t watch) = 0;
  /// The stream takes no new watches; which one it refused, the server need not say.
  virtual void on_refused() = 0;
  /// None does: the stream has ended. The last call.
  virtual void on_stream_lost() = 0;
};

/// One stream of watches for deletions, to one member. Thread-safe. Destroying it ends it and waits for the sink's last
/// call, but for within a call to the sink, which is kept until that has returned.
class watch_stream {
 public:
  watch_stream() = default;
  watch_stream(const watch_stream&) = delete;
  watch_stream& operator=(const watch_stream&) = delete;
  virtual ~watch_stream() = default;

  /// `watch` is a number that this stream has not seen. Does not block.
  virtual void add(std::int64_t watch, const std::string& key) = 0;
  virtual void remove(std::int64_t watch) = 0;
  /// Begins to end it. Does not block.
  virtual void end() noexcept = 0;
  /// Whether the sink's last call has returned.
  [[nodiscard]] virtual bool ended() const noexcept = 0;
};

/// A cluster as the store sees it: each call is one request and its answer, by `by`, to a member that is up. Calls
/// throw `failure` (errors.hpp). Thread-safe.
class transport {
 public:
  transport() = default;
  transport(const transport&) = delete;
  transport& operator=(const transport&) = delete;
  virtual ~transport() = default;

  virtual committed commit(const transaction& what, time_point by) = 0;
  virtual lease_reply grant(std::int64_t seconds, time_point by) = 0;
  /// Renews; `seconds` is not more than 0 where there is no such lease.
  virtual lease_reply keep_alive(lease_id lease, time_point by) = 0;
  /// The same for one that may have run out. etcd answers for such a one only once it has deleted it: what is asked for
  /// together with it (keep_alive) would have to wait for that, too.
  virtual lease_reply keep_alive_apart(lease_id lease, time_point by) = 0;
  virtual lease_reply time_to_live(lease_id lease, bool with_keys, time_point by) = 0;
  virtual void revoke(lease_id lease, time_point by) = 0;
  /// The version of the member that answers, like "3.4.23".
  virtual std::string version(time_point by) = 0;

  /// Does not block. Null where a login is needed first, which any call sees to.
  virtual std::unique_ptr<watch_stream> watch(std::shared_ptr<watch_sink> sink) = 0;
  /// Changes when calls go to another member than before: streams of before are better made anew.
  [[nodiscard]] virtual std::uint64_t route() const noexcept = 0;
};

}  // namespace holdfast::etcd
