#include "store/mysql/waiting_list.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <utility>

#include "store/mysql/statements.hpp"

namespace holdfast::mysql {
namespace {

/// What a row of `poll` and `look` tells.
enum class news : std::int64_t { turn = 1, place, free, tickets };

/// A turn that nobody claimed is told of again after so long.
constexpr duration tell_again = std::chrono::seconds{1};

}  // namespace

void waiting_list::enter(const std::shared_ptr<member>& of, const core::owner_id& owner, std::uint32_t place,
                         time_point look_at, time_point now) {
  auto& mine = waiting_[owner];
  if (mine.of == nullptr) mine.since = now;
  mine.of = of;
  mine.place = place;
  mine.look_at = look_at;
  mine.told = time_point::min();
}

void waiting_list::leave(const member& who) noexcept {
  std::erase_if(waiting_, [&](const auto& each) { return each.second.of.get() == &who; });
}

std::optional<std::uint32_t> waiting_list::looks_by_timer(const core::owner_id& owner, time_point now) const {
  const auto found = waiting_.find(owner);
  if (found == waiting_.end() || !found->second.untold() || now < found->second.look_at) return std::nullopt;
  return found->second.place;
}

std::uint32_t waiting_list::nearest() const noexcept {
  std::uint32_t place = UINT32_MAX;
  for (const auto& [owner, each] : waiting_)
    if (each.untold()) place = std::min(place, each.place);
  return place;
}

waiting_list::question waiting_list::ask() const {
  question made;
  std::vector<const member*> clients;
  std::vector<std::pair<std::uint32_t, core::owner_id>> places;
  for (const auto& [owner, each] : waiting_) {
    clients.push_back(each.of.get());
    places.emplace_back(each.place, owner);
    if (each.untold()) ++made.tickets;
  }
  std::sort(clients.begin(), clients.end());
  clients.erase(std::unique(clients.begin(), clients.end()), clients.end());
  for (const auto* each : clients) {
    made.client_ids.push_back(each->id());
    made.clients.push_back(sql::to_bytes(each->id()));
  }
  const auto few = static_cast<std::ptrdiff_t>(std::min(places.size(), polled_owners));
  std::partial_sort(places.begin(), places.begin() + few, places.end(),
                    [](const auto& a, const auto& b) { return a.first < b.first; });
  for (std::ptrdiff_t i = 0; i < few; ++i)
    made.owners.push_back(sql::to_bytes(places[static_cast<std::size_t>(i)].second));
  return made;
}

void waiting_list::turn(const core::owner_id& owner, time_point now) {
  const auto found = waiting_.find(owner);
  if (found == waiting_.end()) return;
  auto& mine = found->second;
  if (!mine.untold() && now - mine.told < tell_again) return;
  mine.told = now;
  hints_.push_back({mine.of, owner});
}

std::vector<waiting_list::hint> waiting_list::take_hints() { return std::exchange(hints_, {}); }

std::vector<std::string> waiting_list::learn(const std::vector<std::vector<cell>>& rows, bool looked, time_point now) {
  std::vector<std::string> free;
  std::unordered_map<core::owner_id, std::int64_t> tickets;
  for (const auto& row : rows) {
    switch (static_cast<news>(row.at(0).number)) {
      case news::turn:
        turn(sql::from_bytes(row.at(1).bytes), now);
        break;
      case news::place:
        if (const auto found = waiting_.find(sql::from_bytes(row.at(1).bytes)); found != waiting_.end())
          found->second.place = static_cast<std::uint32_t>(row.at(3).number);
        break;
      case news::free:
        free.push_back(row.at(1).bytes);
        break;
      case news::tickets:
        tickets[sql::from_bytes(row.at(2).bytes)] = row.at(3).number;
        break;
    }
  }
  if (looked) check_tickets(tickets, now);
  return free;
}

/// A ticket may be gone: this client was silent for so long that it was cleaned up, or somebody tampered with the
/// tables. Then the client's waiters all look.
void waiting_list::check_tickets(const std::unordered_map<core::owner_id, std::int64_t>& counts, time_point now) {
  std::unordered_map<core::owner_id, std::int64_t> expected;
  for (const auto& [owner, each] : waiting_)
    if (each.untold() && each.since < now - tell_again) ++expected[each.of->id()];
  for (const auto& [owner, each] : waiting_) {
    const auto wanted = expected.find(each.of->id());
    if (wanted == expected.end()) continue;
    const auto found = counts.find(each.of->id());
    if ((found == counts.end() ? 0 : found->second) >= wanted->second) continue;
    if (each.untold()) turn(owner, now);
  }
}

}  // namespace holdfast::mysql
