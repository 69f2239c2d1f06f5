#include <algorithm>
#include <string>
#include <vector>

#include "store/mysql/protocol.hpp"
#include "store/sql/view.hpp"

/// What `inspect` and `list` show.
namespace holdfast::mysql {
namespace {

using row = std::vector<cell>;

sql::lease_row lease_of(const row& from) {
  sql::lease_row made;
  made.name = from.at(0).bytes;
  if (!from.at(1).null) made.owner = sql::from_bytes(from[1].bytes);
  made.token = static_cast<std::uint64_t>(from.at(2).number);
  made.expires = from.at(3).number;
  made.since = from.at(4).number;
  made.claimed = from.at(5).number != 0;
  made.party = from.at(6).bytes;
  return made;
}

sql::waiter_row waiter_of(const row& from) {
  sql::waiter_row made;
  made.name = from.at(0).bytes;
  made.owner = sql::from_bytes(from.at(7).bytes);
  made.seen = from.at(8).number;
  made.since = from.at(9).number;
  made.party = from.at(10).bytes;
  return made;
}

/// The rows from `first` on that are of one resource: its lease, beside each of its waiters.
resource_view view_of(const std::vector<row>& rows, std::size_t& first) {
  const auto lease = lease_of(rows[first]);
  const auto now = rows[first].at(11).number;
  std::vector<sql::waiter_row> queue;
  for (; first < rows.size() && rows[first].at(0).bytes == lease.name; ++first)
    if (!rows[first].at(7).null) queue.push_back(waiter_of(rows[first]));
  return sql::view_of(lease, queue, now);
}

}  // namespace

resource_view protocol::inspect(connection& on, std::string_view name, time_point by) {
  const auto found = on.run(with_.inspect, {argument{name}}, by);
  std::size_t first = 0;
  if (!found.rows.empty()) return view_of(found.rows, first);
  resource_view none;
  none.name = name;
  return none;
}

resource_page protocol::list(connection& on, std::string_view prefix, std::string_view cursor, std::size_t limit,
                             time_point by) {
  const std::size_t wanted = std::max<std::size_t>(limit, 1);
  const std::string end = sql::above(prefix);
  std::string from{cursor};
  resource_page page;
  while (true) {
    const auto found = on.run(with_.list,
                              {argument{from}, argument{prefix}, argument{end}, argument{end},
                               argument{static_cast<std::int64_t>(wanted + 1)}},
                              by);
    std::size_t names = 0;
    for (std::size_t at = 0; at < found.rows.size(); ++names) {
      auto made = view_of(found.rows, at);
      from = made.name;
      // Queued for none but the dead.
      if (made.holders.empty() && made.waiters.empty()) continue;
      if (page.resources.size() == wanted) {
        page.next = page.resources.back().name;
        return page;
      }
      page.resources.push_back(std::move(made));
    }
    if (names <= wanted) return page;
  }
}

}  // namespace holdfast::mysql
