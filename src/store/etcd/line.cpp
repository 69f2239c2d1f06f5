#include "store/etcd/line.hpp"

#include "store/etcd/layout.hpp"

namespace holdfast::etcd {

line_before judge_line(const std::vector<entry>& newest_first, bool more, std::string_view prefix) {
  line_before seen;
  for (const auto& each : newest_first) {
    seen.oldest = each.created;
    if (!stands_in_line(each.key, prefix)) continue;
    ++seen.count;
    if (!seen.nearest) seen.nearest = each;
  }
  seen.cut = more;
  return seen;
}

}  // namespace holdfast::etcd
