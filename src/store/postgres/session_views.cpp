#include <algorithm>
#include <chrono>
#include <map>
#include <thread>
#include <utility>
#include <vector>

#include "core/party_text.hpp"
#include "store/postgres/seen_session.hpp"
#include "store/postgres/session_protocol.hpp"
#include "store/postgres/session_statements.hpp"

/// What can be seen of advisory locks: the server's lock table, and what the sessions say of themselves.
namespace holdfast::postgres {
namespace {

/// A session says whose lock it has a moment after it got it.
constexpr int most_looks = 50;

seen_session read_session(const reply& rows, int row) {
  const auto text = [&](int column) { return rows.null(row, column) ? std::string_view{} : rows.bytes(row, column); };
  const auto span = [&](int column) {
    return rows.null(row, column) ? duration{} : duration{std::chrono::microseconds{rows.number(row, column)}};
  };
  seen_session made;
  made.key = rows.number(row, 0);
  made.process = rows.number(row, 1);
  made.has_it = rows.boolean(row, 2);
  made.title = read_title(text(3));
  made.mark = read_mark(text(4));
  made.silent = span(7);
  made.waiting = std::max(span(8), duration{});
  if (made.title && made.title->token != 0)
    made.since_token = std::chrono::microseconds{rows.number(row, 9) - static_cast<std::int64_t>(made.title->token)};
  if (made.title) made.who.owner = made.title->owner.hex();
  if (made.mark) {
    core::read_party_text(made.mark->party, made.who);
  } else if (!made.title) {  // Another program's: what the server knows of it.
    made.who.user = text(5);
    made.who.host = text(6);
    made.who.command = text(3);
    made.who.note = "PostgreSQL process " + std::to_string(made.process);
  }
  return made;
}

holder_view holder_of(const seen_session& from) {
  holder_view made;
  made.who = from.who;
  if (!from.title) return made;
  made.token = fencing_token{from.title->token};
  made.claimed = from.title->claimed;
  made.held_for = std::max(from.since_token, duration{});
  if (from.mark)
    made.expires_in = std::max<duration>(std::chrono::milliseconds{from.mark->ttl_ms} - from.silent, duration{});
  return made;
}

void add(resource_view& to, const seen_session& from) {
  if (from.has_it)
    to.holders.push_back(holder_of(from));
  else
    to.waiters.push_back({from.who, from.waiting, true});
}

}  // namespace

/// Sorted by key, the holder before those that wait, these in their order.
std::vector<seen_session> session_protocol::look_at(const std::string_view* name, time_point by) {
  std::vector<seen_session> found;
  for (int looks = 0; looks < most_looks; ++looks) {
    parameters with;
    name != nullptr ? with.bytes(*name) : with.null();
    const auto rows = at_.ask(session_text::look, with, by);
    found.clear();
    for (int row = 0; row < rows.rows(); ++row) found.push_back(read_session(rows, row));
    if (std::none_of(found.begin(), found.end(), [](const auto& each) { return each.unsettled(); })) break;
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
  return found;
}

resource_view session_protocol::inspect(std::string_view name, time_point by) {
  resource_view made;
  made.name = name;
  for (const auto& each : look_at(&name, by)) add(made, each);
  return made;
}

/// Names are known of holdfast's own sessions only: others' keys do not tell.
resource_page session_protocol::list(std::string_view prefix, std::string_view cursor, std::size_t limit,
                                     time_point by) {
  const auto sessions = look_at(nullptr, by);
  std::map<std::int64_t, std::string> names;
  for (const auto& each : sessions)
    if (each.mark) names.emplace(each.key, each.mark->name);
  std::map<std::string, resource_view> views;
  for (const auto& each : sessions) {
    const auto name = names.find(each.key);
    if (name == names.end() || !name->second.starts_with(prefix) || name->second <= cursor) continue;
    auto& view = views[name->second];
    view.name = name->second;
    add(view, each);
  }
  resource_page page;
  for (auto& [name, view] : views) {
    if (page.resources.size() == std::max<std::size_t>(limit, 1)) {
      page.next = page.resources.back().name;
      break;
    }
    page.resources.push_back(std::move(view));
  }
  return page;
}

bool session_protocol::break_lease(std::string_view name, std::optional<std::uint64_t> token,
                                   std::optional<core::owner_id> owner, time_point by) {
  const auto token_text = token ? std::to_string(*token) : std::string{};
  const auto owner_text = owner ? owner->hex() : std::string{};
  parameters with;
  with.bytes(name);
  token ? with.bytes(token_text) : with.null();
  owner ? with.bytes(owner_text) : with.null();
  const auto ended = [&] {
    try {
      return at_.ask(session_text::break_it, with, by);
    } catch (failure& failed) {
      if (failed.why == errc::not_authorised)
        failed.why = {errc::not_authorised, at_.with().shown +
                                                ": the session that has the lock is another role's: that role ends it, "
                                                "or one that is a member of pg_signal_backend"};
      throw;
    }
  }();
  for (int row = 0; row < ended.rows(); ++row)
    if (!ended.boolean(row, 0))
      throw failure{{errc::unavailable, at_.with().shown + ": the session that has the lock does not end in time"}};
  return ended.rows() > 0;
}

}  // namespace holdfast::postgres
