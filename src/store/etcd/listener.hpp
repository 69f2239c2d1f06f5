#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "store/etcd/following.hpp"

namespace holdfast::etcd {

/// Watches, on one stream, the key before each waiter of the client, from before its end on: etcd tells of what
/// follows at once, but of what is past already only in rounds of 100 ms. One hand-off thus wakes one waiter, and
/// etcd tells one client of it. Thread-safe.
class listener {
 public:
  listener(transport& with, tickets& of) : with_{with}, ear_{std::make_shared<ear>(of)} {}
  /// May run within the callback.
  ~listener();
  listener(const listener&) = delete;
  listener& operator=(const listener&) = delete;

  void set(core::store::turn_callback callback) { ear_->set(std::move(callback)); }

  /// Watches `key` for `owner`, in place of what it watched before. The revision after which nothing is missed; nothing
  /// where that can't be had for now.
  std::optional<revision> follow(const core::owner_id& owner, const std::string& key, time_point by);
  void forget(const core::owner_id& owner);
  /// Whether `owner` would be told.
  [[nodiscard]] bool follows(const core::owner_id& owner);
  /// Where calls go to another member by now, the stream is to go there, too: all are told to look, and follow anew.
  void keep_up();

 private:
  void leave_stream();

  transport& with_;
  const std::shared_ptr<ear> ear_;
  std::mutex mutex_;
  std::shared_ptr<following> now_;  // guarded by mutex_, like all below
  std::unique_ptr<watch_stream> stream_;
  std::vector<std::unique_ptr<watch_stream>> left_;  ///< Streams of before, which may be telling still.
  std::uint64_t route_ = 0;
};

}  // namespace holdfast::etcd
