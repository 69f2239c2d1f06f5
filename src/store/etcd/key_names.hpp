#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/owner_id.hpp"
#include "store/etcd/values.hpp"

namespace holdfast::etcd {

/// Gives a client's requests the names of their keys: `NAME/<lease>`, the same for one after another, and `-<owner>`
/// behind it only where another request may have that. For etcd keeps each name that ever was until it compacts, and
/// whoever takes NAME goes by all the names that NAME has had: with new ones each time a lock would get slower with use
/// (by a quarter after 3,000 turns). Thread-safe.
class key_names {
 public:
  std::string take(std::string_view resource, lease_id lease, const core::owner_id& owner);
  /// Empty if it has none.
  [[nodiscard]] std::string of(const core::owner_id& owner) const;
  /// The owner is through. Should its key be there still, or come late, whoever has the name next deletes it: each
  /// deletion is of what was seen to be there, so that no late one hits another's.
  void give_back(const core::owner_id& owner);

 private:
  mutable std::mutex mutex_;
  std::unordered_map<std::string, core::owner_id> owners_;  // guarded by mutex_, like the next
  std::unordered_map<core::owner_id, std::string> names_;
};

}  // namespace holdfast::etcd
