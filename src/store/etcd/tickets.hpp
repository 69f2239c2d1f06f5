#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/owner_id.hpp"
#include "store/etcd/session.hpp"

namespace holdfast::etcd {

/// What a client knows of one of its requests: that it stands in line, or holds.
struct ticket {
  std::string resource;
  std::string key;
  revision created = 0;
  bool held = false;
  /// Nobody stands before it any more: that can't change again, for who comes later stands behind.
  bool first = false;
  std::string before;  ///< The key just before it, whose end it awaits. Empty: not known.
  revision before_created = 0;
  std::shared_ptr<session> on;     ///< The session that it holds by, or will.
  std::shared_ptr<session> waits;  ///< Whose lease its key hangs on until then.
};

/// The requests of a client by their owners. Does no I/O. Thread-safe.
class tickets {
 public:
  void put(const core::owner_id& owner, ticket what);
  [[nodiscard]] std::optional<ticket> find(const core::owner_id& owner) const;
  std::optional<ticket> take(const core::owner_id& owner);
  [[nodiscard]] bool any_waits() const;
  /// The sessions that waiters will hold by.
  [[nodiscard]] std::vector<std::shared_ptr<session>> awaited_sessions() const;

  /// The key that stood before `owner` is gone. `seen` is what it was, if that is known: where it held, `owner` is first.
  void on_before_gone(const core::owner_id& owner, const entry& seen);
  /// That is the key before it now. False if it does not wait any more, or not for that.
  bool on_before(const core::owner_id& owner, revision created, const entry& before);
  void on_first(const core::owner_id& owner, revision created);

 private:
  mutable std::mutex mutex_;
  std::unordered_map<core::owner_id, ticket> all_;  // guarded by mutex_
};

}  // namespace holdfast::etcd
