#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "store/etcd/values.hpp"

namespace holdfast::etcd {

/// Who stands before a key in a resource's line, as far as one read tells.
struct line_before {
  std::optional<entry> nearest;  ///< The key just before it.
  std::uint32_t count = 0;       ///< How many stand before it: at the least, where `cut` is.
  bool cut = false;              ///< There is more to read, behind `oldest`.
  revision oldest = 0;
};

/// From a read with the newest first, of keys that were created before ours: those of another shape are passed over.
line_before judge_line(const std::vector<entry>& newest_first, bool more, std::string_view prefix);

/// The place in the queue of one with that many before it, the holder among them.
constexpr std::uint32_t position_behind(std::uint32_t count) { return count > 0 ? count - 1 : 0; }

}  // namespace holdfast::etcd
