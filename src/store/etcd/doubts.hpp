#pragma once

#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/owner_id.hpp"
#include "holdfast/clock.hpp"

namespace holdfast::etcd {

/// Requests to put a key whose answer was lost: a member that was stopped may carry one out when it goes on, long after
/// the owner has withdrawn, and the session would keep that key alive. So they are deleted again and again for a
/// while, together with whatever renews the session, and no other request gets a key of that name (key_names.hpp).
/// Thread-safe.
class doubts {
 public:
  void add(const core::owner_id& owner, std::string key);
  [[nodiscard]] bool about(const core::owner_id& owner) const;
  [[nodiscard]] bool about_key(std::string_view key) const;
  /// Empty if there is no doubt about that owner.
  [[nodiscard]] std::string key_of(const core::owner_id& owner) const;
  /// What to delete now: all but those whose owner `lives` says is at it still.
  template <class Lives>
  std::vector<std::string> keys_to_delete(Lives&& lives) {
    const std::lock_guard lock{mutex_};
    forget_old();
    std::vector<std::string> keys;
    for (const auto& each : all_)
      if (!lives(each.owner)) keys.push_back(each.key);
    return keys;
  }

 private:
  struct doubt {
    core::owner_id owner;
    std::string key;
    time_point since;
  };
  void forget_old();

  mutable std::mutex mutex_;
  std::deque<doubt> all_;  // guarded by mutex_
};

}  // namespace holdfast::etcd
