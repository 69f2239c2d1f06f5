#include "store/redis/listing.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <iterator>
#include <utility>

#include "store/redis/layout.hpp"

namespace holdfast::redis {

status listing::scan(std::string_view prefix, time_point by, std::vector<std::string>& found) {
  const auto pattern = lease_pattern(prefix);
  std::string cursor = "0";
  do {
    const std::array<std::string_view, 6> words{"SCAN", cursor, "MATCH", pattern, "COUNT", "1000"};
    const auto got = at_.command(words, by);
    if (got.is != answer::outcome::replied || got.what.is == reply::kind::error) return got.why;
    const auto& items = got.what.items;
    if (got.what.is != reply::kind::array || items.size() != 2)
      return {errc::internal, "SCAN answers what it should not"};
    for (const auto& key : items[1].items) {
      const auto name = name_of_lease(key.text);
      if (name && name->starts_with(prefix)) found.emplace_back(*name);
    }
    cursor = items[0].text;
  } while (cursor != "0");
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return keep_used(by, found);
}

/// Records outlive their leases by a day, so most names may be of the past: those are not worth a look of their own.
status listing::keep_used(time_point by, std::vector<std::string>& names) {
  constexpr std::size_t batch = 500;
  std::vector<std::string> used;
  for (std::size_t from = 0; from < names.size(); from += batch) {
    const auto count = std::min(batch, names.size() - from);
    std::deque<resource_keys> keys;
    std::vector<std::string_view> words{"MGET"};
    for (std::size_t i = from; i < from + count; ++i) {
      const auto& each = keys.emplace_back(names[i]);
      words.push_back(each.name());
      words.push_back(each.lease());
    }
    const auto got = at_.command(words, by);
    if (got.is != answer::outcome::replied || got.what.is == reply::kind::error) return got.why;
    if (got.what.is != reply::kind::array || got.what.items.size() != 2 * count)
      return {errc::internal, "MGET answers what it should not"};
    for (std::size_t i = 0; i < count; ++i) {
      const bool held = got.what.items[2 * i].is != reply::kind::nil;
      const bool may_be_waited_for = got.what.items[2 * i + 1].text.starts_with('1');
      if (held || may_be_waited_for) used.push_back(std::move(names[from + i]));
    }
  }
  names = std::move(used);
  return {};
}

status listing::names(std::string_view prefix, std::string_view cursor, time_point by,
                      std::vector<std::string>& found) {
  found.clear();
  const auto after = [&](const std::vector<std::string>& all) {
    return std::upper_bound(all.begin(), all.end(), cursor, std::less<>{});
  };
  if (!cursor.empty()) {
    const std::lock_guard lock{mutex_};
    if (prefix_ == prefix && std::binary_search(scanned_.begin(), scanned_.end(), cursor, std::less<>{})) {
      found.assign(after(scanned_), scanned_.cend());
      return {};
    }
  }
  std::vector<std::string> all;
  if (auto how = scan(prefix, by, all); !how.ok()) return how;
  found.assign(after(all), all.cend());
  const std::lock_guard lock{mutex_};
  prefix_ = prefix;
  scanned_ = std::move(all);
  return {};
}

}  // namespace holdfast::redis
