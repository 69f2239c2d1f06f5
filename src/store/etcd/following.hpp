#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "core/condition.hpp"
#include "core/store.hpp"
#include "store/etcd/tickets.hpp"
#include "store/etcd/transport.hpp"

namespace holdfast::etcd {

/// Where what was watched for is told: the tickets, and then the store's callback. Shared with the streams' threads,
/// which may be at it when the store goes. Thread-safe.
class ear {
 public:
  explicit ear(tickets& of) : tickets_{&of} {}

  void set(core::store::turn_callback callback);
  /// "Look again", for whoever stands behind `seen`, which is gone. A nil owner: for all.
  void tell(const core::owner_id& owner, const entry* seen = nullptr);
  /// When it returns, no call is going on (but for one that this very thread is in), nor will another begin.
  void close();

 private:
  std::recursive_mutex telling_;  ///< Recursive: within the callback the store may go, and so get to close().
  tickets* tickets_;              // guarded by telling_
  std::shared_ptr<const core::store::turn_callback> callback_;  // guarded by telling_
};

/// What one stream watches, and for whom. A watch that nobody needs any more is kept for whoever waits behind the same
/// key next: clients that take turns mostly stand behind the same one, whose key has the same name each time. For a
/// watch that etcd makes while others write may begin among those that it serves every 100 ms. Thread-safe.
class following final : public watch_sink {
 public:
  explicit following(std::shared_ptr<ear> to) : ear_{std::move(to)} {}

  struct begun {
    std::int64_t number = 0;
    bool made = false;  ///< The stream does not know the watch yet.
  };
  /// The watch of `key`, which is `owner`'s from now on.
  begun begin(const core::owner_id& owner, const std::string& key);
  /// `owner` needs none any more. The watch that is to go, if one is.
  std::optional<std::int64_t> end(const core::owner_id& owner);
  [[nodiscard]] bool has(const core::owner_id& owner) const;
  /// Whether it takes no new watches.
  [[nodiscard]] bool over() const;
  /// Until etcd has confirmed the watch: the revision after which nothing is missed.
  std::optional<revision> await(std::int64_t number, time_point by);

  void on_watching(std::int64_t number, revision at) override;
  bool on_deleted(std::int64_t number, const entry& before, revision at) override;
  void on_watch_lost(std::int64_t number) override;
  void on_refused() override;
  void on_stream_lost() override;

 private:
  struct watch {
    std::string key;
    core::owner_id owner;  ///< Nil: kept for the next.
    std::optional<revision> since;
    int unheard = 0;  ///< How often it told nobody.
  };
  using watches = std::unordered_map<std::int64_t, watch>;
  std::optional<std::int64_t> let_go(watches::iterator which);
  void erase(watches::iterator which);

  const std::shared_ptr<ear> ear_;
  mutable std::mutex mutex_;
  core::condition changed_;
  watches watches_;  // guarded by mutex_, like all below
  std::unordered_map<core::owner_id, std::int64_t> by_owner_;
  std::map<std::string, std::int64_t, std::less<>> kept_;  ///< By key.
  std::int64_t last_ = 0;
  bool over_ = false;
};

}  // namespace holdfast::etcd
