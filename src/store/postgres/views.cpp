#include <algorithm>
#include <map>

#include "store/postgres/protocol.hpp"
#include "store/sql/view.hpp"

/// What `inspect` and `list` show, and `ping` checks.
namespace holdfast::postgres {
namespace {

constexpr std::int64_t layout = 1;

sql::lease_row read_lease(const reply& rows, int row) {
  sql::lease_row made;
  made.name = rows.bytes(row, 0);
  if (!rows.null(row, 1)) made.owner = sql::from_bytes(rows.bytes(row, 1));
  made.token = static_cast<std::uint64_t>(rows.number(row, 2));
  made.last = static_cast<std::uint64_t>(rows.number(row, 3));
  made.expires = rows.number(row, 4);
  made.since = rows.number(row, 5);
  made.claimed = rows.boolean(row, 6);
  made.queued = rows.boolean(row, 7);
  made.party = rows.bytes(row, 8);
  return made;
}

}  // namespace

/// A view of each row, with its queue.
resource_page protocol::views(const reply& rows, std::int64_t& now_us, time_point by) {
  std::vector<sql::lease_row> leases;
  std::vector<std::string_view> queued;
  for (int row = 0; row < rows.rows(); ++row) {
    leases.push_back(read_lease(rows, row));
    now_us = rows.number(row, 9);
    if (leases.back().queued) queued.push_back(rows.bytes(row, 0));
  }
  std::map<std::string, std::vector<sql::waiter_row>> queues;
  if (!queued.empty()) {
    const auto names = array_of_bytes(queued);
    parameters with;
    at_.add_bounds(with);
    with.array(names);
    const auto found = at_.ask(at_.texts().waiters, with, by, on_loss::ask_again).rows;
    for (int row = 0; row < found.rows(); ++row) {
      sql::waiter_row each;
      each.name = found.bytes(row, 0);
      each.owner = sql::from_bytes(found.bytes(row, 1));
      each.seen = found.number(row, 2);
      each.since = found.number(row, 3);
      each.party = found.bytes(row, 4);
      queues[each.name].push_back(std::move(each));
    }
  }
  resource_page page;
  for (const auto& each : leases) page.resources.push_back(sql::view_of(each, queues[each.name], now_us));
  return page;
}

resource_view protocol::inspect(std::string_view name, time_point by) {
  know_layout(by);
  parameters with;
  at_.add_bounds(with);
  with.bytes(name);
  const auto found = at_.ask(at_.texts().inspect, with, by, on_loss::ask_again);
  std::int64_t now_us = 0;
  auto page = views(found.rows, now_us, by);
  if (!page.resources.empty()) return std::move(page.resources.front());
  resource_view none;
  none.name = name;
  return none;
}

resource_page protocol::list(std::string_view prefix, std::string_view cursor, std::size_t limit, time_point by) {
  know_layout(by);
  limit = std::max<std::size_t>(limit, 1);
  const auto below = sql::above(prefix);
  std::string from{cursor};
  resource_page page;
  while (true) {
    parameters with;
    at_.add_bounds(with);
    with.bytes(prefix).bytes(from);
    below.empty() ? with.null() : with.bytes(below);
    const auto wanted = static_cast<std::int64_t>(limit - page.resources.size() + 1);
    const auto found = at_.ask(at_.texts().list, with.number(wanted), by, on_loss::ask_again);
    std::int64_t now_us = 0;
    auto more = views(found.rows, now_us, by);
    for (auto& each : more.resources) {
      from = each.name;
      if (each.holders.empty() && each.waiters.empty()) continue;
      if (page.resources.size() == limit) {
        page.next = page.resources.back().name;
        return page;
      }
      page.resources.push_back(std::move(each));
    }
    if (found.rows.rows() < wanted) return page;
  }
}

void protocol::know_layout(time_point by) {
  if (layout_known_.load(std::memory_order_relaxed)) return;
  judge_layout(look_at_layout(by));
}

/// Of tables that somebody emptied the layout is not known either; they are made anew as if they were not there.
reply protocol::look_at_layout(time_point by) {
  auto found = at_.ask(at_.texts().check, parameters{}, by, on_loss::ask_again);
  if (found.rows.boolean(0, 0) || !found.rows.null(0, 1)) return std::move(found.rows);
  at_.on_connection(by, [&](connection& on) { at_.make_tables(on, by); });
  return at_.ask(at_.texts().check, parameters{}, by, on_loss::ask_again).rows;
}

void protocol::judge_layout(const reply& found) {
  if (found.null(0, 1) || found.number(0, 1) != layout) {
    throw failure{{errc::misconfigured,
                   at_.with().shown +
                       ": its tables were made by another version of holdfast (this "
                       "one knows layout 1); run the same version everywhere, or name other tables by table=NAME"}};
  }
  layout_known_ = true;
}

void protocol::check(time_point by) {
  const auto found = look_at_layout(by);
  if (found.boolean(0, 0)) {
    throw failure{
        {errc::misconfigured, at_.with().shown +
                                  ": this server is a replica, or refuses writes: name all servers in the URL, so that "
                                  "the primary is found"},
        failure::remedy::reconnect};
  }
  judge_layout(found);
}

}  // namespace holdfast::postgres
