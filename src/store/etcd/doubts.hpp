#pragma once

#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "core/owner_id.hpp"
#include "holdfast/clock.hpp"

namespace holdfast::etcd {

/// Keys that may be in etcd, or come there, though nobody knows: of a put whose answer was lost a stopped member may
/// carry one out when it goes on, long after the owner has withdrawn; and a release or a withdrawal may not have got
/// through. The session would keep such a key alive. So once the owner has ended, it is looked for and deleted, again and
/// again for a while (renewal::sweep). An owner that has not ended is never touched. Does no I/O. Thread-safe.
class doubts {
 public:
  /// A put of the owner's key was sent, and its answer lost.
  void add(const core::owner_id& owner, std::string key);
  /// The owner asks, once more maybe.
  void begin(const core::owner_id& owner);
  /// The owner is through: what is there of it is to go.
  void end(const core::owner_id& owner);
  /// The owner is through, and its key may be there still.
  void leave(const core::owner_id& owner, std::string key);

  [[nodiscard]] bool about(const core::owner_id& owner) const;
  /// Empty if there is no doubt about that owner.
  [[nodiscard]] std::string key_of(const core::owner_id& owner) const;

  struct stray {
    core::owner_id owner;
    std::string key;
  };
  /// Some of those to look for now: not more than `most`.
  std::vector<stray> due(std::size_t most);
  /// The owner's key is not there now.
  void on_gone(const core::owner_id& owner);

 private:
  struct doubt {
    stray what;
    time_point since;
    bool ended = false;
    bool gone = false;
    time_point looked = time_point::min();
  };
  doubt& at(const core::owner_id& owner);

  mutable std::mutex mutex_;
  std::deque<doubt> all_;  // guarded by mutex_
};

}  // namespace holdfast::etcd
