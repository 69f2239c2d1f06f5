#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/store.hpp"
#include "store/etcd/transport.hpp"

namespace holdfast::etcd {

/// What `inspect`, `list` and `break_lease` see. Each throws failure.
class views {
 public:
  explicit views(transport& with) : with_{with} {}

  resource_view inspect(std::string_view resource, time_point by);
  resource_page list(std::string_view prefix, std::string_view cursor, std::size_t limit, time_point by);
  /// False: no such lease.
  bool break_lease(std::string_view resource, std::optional<std::uint64_t> token, std::optional<core::owner_id> owner,
                   time_point by);

 private:
  using remaining = std::map<lease_id, duration>;
  /// All keys from `from` to `end`, read in pages, as of one revision.
  template <class Take>
  void read_all(std::string from, const std::string& end, bool keys_only, time_point by, Take&& take);
  /// Those of the keys that are there by now.
  template <class Take>
  void read_values(std::span<const std::string> keys, time_point by, Take&& take);
  std::vector<entry> line_of(std::string_view resource, time_point by);
  resource_view view_of(std::string_view name, std::vector<entry> line, remaining& known, time_point by);
  duration remaining_of(lease_id lease, remaining& known, time_point by);

  transport& with_;
};

}  // namespace holdfast::etcd
