#include "store/etcd/views.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <iterator>
#include <utility>

#include "core/party_text.hpp"
#include "store/etcd/errors.hpp"
#include "store/etcd/layout.hpp"
#include "store/etcd/transactions.hpp"

namespace holdfast::etcd {
namespace {

constexpr std::int64_t page = 1000;
/// Values are read of so many keys at once: ours are short, but a foreign client's may be of any length.
constexpr std::size_t few = 32;

struct somebody {
  party who;
  bool claimed = false;
  duration since{};
};

somebody described(const entry& key) {
  const auto told = read_record(key.value);
  if (!told) {  // A foreign one goes by its ticket, and does not say whether it has taken up its turn.
    somebody foreign{.who = {}, .claimed = true};
    foreign.who.owner = parse(key.key)->ticket;
    return foreign;
  }
  somebody made{.who = {}, .claimed = told->claimed};
  core::read_party_text(told->party, made.who);
  made.who.owner = told->owner.hex();
  if (told->since_us > 0)
    made.since = std::chrono::microseconds{std::max<std::int64_t>(wall_clock_us() - told->since_us, 0)};
  return made;
}

/// Among the keys of everybody: whether this one may be a lock's, before its value is known.
bool may_be_lock(const entry& key) { return key.lease != 0 && parse(key.key).has_value(); }

/// Whether it is sure to be. Ours say so; a foreign one is named for its lease.
bool is_lock(const entry& key) {
  if (read_record(key.value)) return true;
  const auto where = parse(key.key);
  const auto digits = where->ticket.substr(0, where->ticket.find('-'));
  std::uint64_t named = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), named, 16);
  return error == std::errc{} && named == static_cast<std::uint64_t>(key.lease);
}

void sort_by_age(std::vector<entry>& line) {
  std::sort(line.begin(), line.end(), [](const entry& a, const entry& b) { return a.created < b.created; });
}

}  // namespace

template <class Take>
void views::read_all(std::string from, const std::string& end, bool keys_only, time_point by, Take&& take) {
  revision at = 0;
  while (true) {
    transaction what;
    what.then.emplace_back(read{.key = from, .end = end, .keys_only = keys_only, .limit = page, .at = at});
    committed answer;
    try {
      answer = with_.commit(what, by);
    } catch (const failure& f) {
      if (f.is != failure::kind::compacted) throw;
      at = 0;  // What is left is read as of now.
      continue;
    }
    auto& got = answer.results.at(0);
    if (at == 0) at = answer.from.at;
    if (!got.entries.empty()) from = got.entries.back().key + '\0';
    for (auto& each : got.entries) take(std::move(each));
    if (!got.more) return;
  }
}

template <class Take>
void views::read_values(std::span<const std::string> keys, time_point by, Take&& take) {
  while (!keys.empty()) {
    const auto some = keys.first(std::min(keys.size(), few));
    keys = keys.subspan(some.size());
    auto answer = with_.commit(transactions::read_keys(some), by);
    for (auto& each : answer.results)
      for (auto& there : each.entries) take(std::move(there));
  }
}

std::vector<entry> views::line_of(std::string_view resource, time_point by) {
  const auto prefix = prefix_of(resource);
  std::vector<entry> line;
  read_all(prefix, end_of(prefix), false, by, [&](entry&& each) {
    if (stands_in_line(each.key, prefix)) line.push_back(std::move(each));
  });
  sort_by_age(line);
  return line;
}

duration views::remaining_of(lease_id lease, remaining& known, time_point by) {
  const auto found = known.find(lease);
  if (found != known.end()) return found->second;
  const auto left = lease == 0 ? 0 : with_.time_to_live(lease, false, by).seconds;
  return known[lease] = std::chrono::seconds{std::max<std::int64_t>(left, 0)};
}

resource_view views::view_of(std::string_view name, std::vector<entry> line, remaining& known, time_point by) {
  resource_view made;
  made.name = name;
  bool first = true;
  for (const auto& each : line) {
    auto told = described(each);
    if (std::exchange(first, false))
      made.holders.push_back({.who = std::move(told.who),
                              .token = fencing_token{static_cast<std::uint64_t>(each.created)},
                              .held_for = told.since,
                              .expires_in = remaining_of(each.lease, known, by),
                              .claimed = told.claimed});
    else
      made.waiters.push_back({.who = std::move(told.who), .waiting_for = told.since, .alive = true});
  }
  return made;
}

resource_view views::inspect(std::string_view resource, time_point by) {
  remaining known;
  return view_of(resource, line_of(resource, by), known, by);
}

resource_page views::list(std::string_view prefix, std::string_view cursor, std::size_t limit, time_point by) {
  // Names are not in the order of their keys ("a b/" comes before "a/"): so all are read. But a name behind the cursor
  // has its keys behind the cursor.
  std::string from{std::max(prefix, cursor)};
  if (from.empty()) from.assign(1, '\0');
  std::map<std::string, std::vector<std::string>, std::less<>> found;
  read_all(std::move(from), end_of(prefix), true, by, [&](entry&& each) {
    if (!may_be_lock(each)) return;
    const auto name = parse(each.key)->resource;
    if (name > cursor && name.starts_with(prefix)) found[std::string{name}].push_back(std::move(each.key));
  });
  resource_page made;
  remaining known;
  const auto most = std::max<std::size_t>(limit, 1);
  for (auto next = found.begin(); next != found.end();) {
    // Values are read of no more names than the page has room for.
    std::vector<std::string> keys;
    std::map<std::string, std::vector<entry>, std::less<>> lines;
    for (; next != found.end() && lines.size() < few && made.resources.size() + lines.size() <= most; ++next) {
      lines[next->first];
      std::move(next->second.begin(), next->second.end(), std::back_inserter(keys));
    }
    read_values(keys, by, [&](entry&& each) {
      if (is_lock(each)) lines[std::string{parse(each.key)->resource}].push_back(std::move(each));
    });
    for (auto& [name, line] : lines) {
      if (line.empty()) continue;
      if (made.resources.size() == most) {
        made.next = made.resources.back().name;
        return made;
      }
      sort_by_age(line);
      made.resources.push_back(view_of(name, std::move(line), known, by));
    }
  }
  return made;
}

bool views::break_lease(std::string_view resource, std::optional<std::uint64_t> token,
                        std::optional<core::owner_id> owner, time_point by) {
  const auto line = line_of(resource, by);
  if (line.empty()) return false;
  const auto& holder = line.front();
  if (token && *token != static_cast<std::uint64_t>(holder.created)) return false;
  if (owner && !belongs_to(holder, *owner)) return false;
  const auto answer = with_.commit(transactions::remove(holder.key, holder.created), by);
  if (!answer.succeeded && answer.repeated)
    throw failure{{errc::outcome_unknown, "an answer of etcd's was lost, and then the lease was not there"}, true};
  return answer.succeeded;
}

}  // namespace holdfast::etcd
