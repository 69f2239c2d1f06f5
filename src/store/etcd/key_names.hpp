#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/owner_id.hpp"
#include "store/etcd/values.hpp"

namespace holdfast::etcd {

class doubts;

/// Gives a client's requests the names of their keys: `NAME/<lease>`, the same for one after another, and `-<owner>`
/// behind it only where another request may have that. For etcd keeps each name that ever was until it compacts, and
/// whoever takes NAME goes by all the names that NAME has had: with new ones each time a lock would get slower with use
/// (by a quarter after 3,000 turns). Thread-safe.
class key_names {
 public:
  explicit key_names(const doubts& d) : doubts_{d} {}

  std::string take(std::string_view resource, lease_id lease, const core::owner_id& owner);
  /// Empty if it has none.
  [[nodiscard]] std::string of(const core::owner_id& owner) const;
  /// Nothing of the owner's is there any more, nor will be put, but for what doubts tell of.
  void give_back(const core::owner_id& owner);

 private:
  const doubts& doubts_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, core::owner_id> owners_;  // guarded by mutex_, like the next
  std::unordered_map<core::owner_id, std::string> names_;
};

}  // namespace holdfast::etcd
