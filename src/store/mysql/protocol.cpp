#include "store/mysql/protocol.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <unordered_set>
#include <vector>

#include "store/mysql/errors.hpp"
#include "store/mysql/pace.hpp"
#include "store/mysql/schema.hpp"

namespace holdfast::mysql {

using core::turn_answer;
using sql::turn_verb;
using sql::turn_verdict;

namespace {

std::int64_t number(std::uint64_t token) { return static_cast<std::int64_t>(token); }

/// When a waiter's client looks unasked. The poller tells it of all that happens; only the head looks for itself when
/// the holder's time is over.
duration look_again(std::int64_t left_us, std::uint32_t position) {
  constexpr duration grace = std::chrono::milliseconds{2};
  constexpr duration shortest = std::chrono::milliseconds{50};
  constexpr duration step = std::chrono::milliseconds{50};
  constexpr duration behind = std::chrono::seconds{10};
  const duration left = std::chrono::microseconds{left_us};
  if (position == 0) return std::max<duration>(left + grace, shortest);
  return std::max<duration>(left, behind) + step * std::min<std::uint32_t>(position, 40);
}

}  // namespace

bool protocol::tables_are_there(connection& on, time_point by) {
  try {
    const auto found = on.run(with_.layout, {}, by);
    if (found.rows.empty()) return false;
    clock_.saw(found.rows[0][1].number, found.sent, found.read);
    if (found.rows[0][0].number == schema_layout) return true;
    throw failure{{errc::misconfigured, on.shown() + ": the tables are those of another version of holdfast (layout " +
                                            std::to_string(found.rows[0][0].number) + ", this one knows " +
                                            std::to_string(schema_layout) +
                                            "); run the same version everywhere, or name other tables by table=NAME"}};
  } catch (const failure& why) {
    if (why.mends == failure::remedy::make_tables) return false;
    throw;
  }
}

void protocol::check_rights(connection& on, time_point by) {
  on.run(with_.try_writing, {}, by);
  told next;
  promote(on, {}, by, next);  // No resource has an empty name.
}

sql::turn_result protocol::turn(connection& on, const turn_request& what, time_point by, time_point& sent, told& next) {
  const auto owner = sql::to_bytes(what.owner.value_or(core::owner_id{}));
  const auto client = sql::to_bytes(what.client);
  const auto clock = clock_.bounds(boot_clock::now());
  const auto got =
      on.run(with_.turn,
             {argument{static_cast<std::int64_t>(what.verb)}, argument{what.name},
              what.owner ? argument{sql::view_of(owner)} : argument{nullptr}, argument{sql::in_us(what.ttl)},
              argument{std::int64_t{what.reserve}}, what.used ? argument{number(*what.used)} : argument{nullptr},
              argument{what.party}, what.client.nil() ? argument{nullptr} : argument{sql::view_of(client)},
              argument{clock.latest}, argument{clock.patience}, argument{clock.stepped}},
             by);
  const auto& row = got.rows.at(0);
  sql::turn_result made;
  made.verdict = static_cast<turn_verdict>(row.at(0).number);
  made.token = static_cast<std::uint64_t>(row.at(1).number);
  made.position = static_cast<std::uint32_t>(row.at(2).number);
  made.left_us = row.at(3).number;
  made.now_us = row.at(4).number;
  made.queued = row.at(5).number != 0;
  if (!row.at(7).null) next = {sql::from_bytes(row[6].bytes), sql::from_bytes(row[7].bytes)};
  clock_.saw(made.now_us, got.sent, got.read);
  sent = got.sent;
  return made;
}

turn_answer protocol::asked(connection& on, turn_verb verb, const core::owner_id& client, const core::request& what,
                            time_point by, told& next) {
  time_point sent{};
  const turn_request ask{.verb = verb,
                         .name = what.resource,
                         .owner = what.owner,
                         .ttl = what.ttl,
                         .reserve = what.reserve,
                         .used = std::nullopt,
                         .party = what.party,
                         .client = client};
  const auto got = turn(on, ask, by, sent, next);
  auto answer = sql::to_answer(got, what, sent);
  if (answer.is == turn_answer::outcome::queued) answer.look_again = look_again(got.left_us, got.position);
  return answer;
}

turn_answer protocol::acquire(connection& on, const core::owner_id& client, const core::request& what, bool wait,
                              time_point by, told& next, bool& contended) {
  const auto owner = sql::to_bytes(what.owner);
  const argument who{sql::view_of(owner)};
  const argument ttl{sql::in_us(what.ttl)};
  const auto got =
      what.reserve == 0
          ? on.run(with_.take_free, {who, ttl, argument{what.party}, argument{what.resource}}, by)
          : on.run(with_.take_reserving,
                   {who, ttl, argument{what.party}, argument{std::int64_t{what.reserve}}, argument{what.resource}}, by);
  contended = got.affected == 0;
  if (contended) return asked(on, wait ? turn_verb::acquire : turn_verb::try_acquire, client, what, by, next);
  turn_answer answer;
  answer.is = turn_answer::outcome::granted;
  answer.token = got.insert_id;
  answer.ttl = what.ttl;
  answer.sent = got.sent;
  if (answer.token + what.reserve >= sql::token_limit)
    throw failure{{errc::internal, on.shown() +
                                       ": the next fencing token would be 2^53 or more: the server's clock is, "
                                       "or was, set centuries ahead"}};
  return answer;
}

turn_answer protocol::claim(connection& on, const core::request& what, time_point by, told& next) {
  return asked(on, turn_verb::claim, {}, what, by, next);
}

core::release_answer protocol::release(connection& on, const core::lease_ref& what, time_point by, told& next) {
  using outcome = core::release_answer::outcome;
  const auto owner = sql::to_bytes(what.owner);
  core::release_answer answer;
  answer.is = outcome::released;
  // What is not over at the latest that the server's clock can show is not over; of the rest the routine judges.
  const auto latest = clock_.bounds(boot_clock::now()).latest;
  const auto got =
      on.run(with_.free_alone, {argument{what.resource}, argument{sql::view_of(owner)}, argument{latest}}, by);
  if (got.affected != 0) return answer;
  time_point sent{};
  const turn_request ask{
      .verb = turn_verb::release, .name = what.resource, .owner = what.owner, .used = what.token, .party = {}};
  if (turn(on, ask, by, sent, next).verdict != turn_verdict::released) answer.is = outcome::not_held;
  return answer;
}

void protocol::withdraw(connection& on, const core::waiter_ref& what, time_point by, told& next) {
  time_point sent{};
  const turn_request ask{
      .verb = turn_verb::withdraw, .name = what.resource, .owner = what.owner, .used = std::nullopt, .party = {}};
  static_cast<void>(turn(on, ask, by, sent, next));
}

bool protocol::break_lease(connection& on, std::string_view name, std::optional<std::uint64_t> token,
                           std::optional<core::owner_id> owner, time_point by, told& next) {
  time_point sent{};
  const turn_request ask{.verb = turn_verb::break_lease, .name = name, .owner = owner, .used = token, .party = {}};
  return turn(on, ask, by, sent, next).verdict == turn_verdict::released;
}

core::wait_verdict protocol::look(connection& on, const core::waiter_ref& what, time_point by, told& next) {
  time_point sent{};
  const turn_request ask{
      .verb = turn_verb::look, .name = what.resource, .owner = what.owner, .used = std::nullopt, .party = {}};
  switch (turn(on, ask, by, sent, next).verdict) {
    case turn_verdict::your_turn:
      return core::wait_verdict::your_turn;
    case turn_verdict::waiting:
      return core::wait_verdict::waiting;
    default:
      return core::wait_verdict::gone;
  }
}

void protocol::promote(connection& on, std::string_view name, time_point by, told& next) {
  time_point sent{};
  const turn_request ask{
      .verb = turn_verb::look, .name = name, .owner = std::nullopt, .used = std::nullopt, .party = {}};
  static_cast<void>(turn(on, ask, by, sent, next));
}

namespace {

/// Adds `count` arguments, the last of which is repeated to fill the list.
template <class Get>
void add_list(std::vector<argument>& to, std::size_t count, Get&& get) {
  for (std::size_t i = 0; i < list_statement::size(count); ++i) to.emplace_back(get(std::min(i, count - 1)));
}

}  // namespace

std::uint64_t protocol::beat(connection& on, std::span<const core::owner_id> clients, time_point by) {
  std::vector<sql::owner_bytes> bytes;
  for (const auto& each : clients) bytes.push_back(sql::to_bytes(each));
  std::vector<argument> with;
  add_list(with, bytes.size(), [&](std::size_t i) { return sql::view_of(bytes[i]); });
  const auto got = on.run(with_.beat.text(bytes.size()), with, by);
  if (got.affected != 0) clock_.saw(number(got.insert_id), got.sent, got.read);
  return got.affected;
}

namespace {

/// The leases of one renewal as lists of arguments.
class batch {
 public:
  explicit batch(std::span<const core::lease_ref* const> leases) : leases_{leases} {
    owners_.reserve(leases.size());
    for (const auto* each : leases) owners_.push_back(sql::to_bytes(each->owner));
  }
  /// The arguments are valid while this lives.
  void add_to(std::vector<argument>& to) const& {
    add_list(to, leases_.size(), [&](std::size_t i) { return leases_[i]->resource; });
    add_list(to, leases_.size(), [&](std::size_t i) { return sql::view_of(owners_[i]); });
  }
  void add_to(std::vector<argument>& to) && = delete;
  /// Which of them `found` names.
  [[nodiscard]] std::vector<bool> in(const result& found) const {
    std::unordered_set<std::string_view> names;
    for (const auto& row : found.rows) names.insert(row[0].bytes);
    std::vector<bool> made;
    for (const auto* each : leases_) made.push_back(names.contains(each->resource));
    return made;
  }

 private:
  std::span<const core::lease_ref* const> leases_;
  std::vector<sql::owner_bytes> owners_;
};

}  // namespace

time_point protocol::renew(connection& on, leases which, duration ttl, std::span<core::renew_verdict> verdicts,
                           time_point by) {
  const batch all{which};
  const auto clock = clock_.bounds(boot_clock::now());
  std::vector<argument> with{argument{sql::in_us(ttl)}};
  all.add_to(with);
  for (const auto bound : {clock.stepped, clock.patience, clock.latest}) with.emplace_back(bound);
  const auto got = on.run(with_.renew.text(which.size()), with, by);
  if (got.affected != 0) clock_.saw(number(got.insert_id), got.sent, got.read);
  if (got.affected == 0 || got.affected >= which.size()) {
    std::fill(verdicts.begin(), verdicts.end(),
              got.affected == 0 ? core::renew_verdict::lost : core::renew_verdict::renewed);
    return got.sent;
  }
  const auto renewed = all.in(renewed_since(on, which, number(got.insert_id), by));
  for (std::size_t i = 0; i < which.size(); ++i)
    verdicts[i] = renewed[i] ? core::renew_verdict::renewed : core::renew_verdict::lost;
  return got.sent;
}

result protocol::renewed_since(connection& on, leases which, std::int64_t since, time_point by) {
  const batch all{which};
  std::vector<argument> with;
  all.add_to(with);
  with.emplace_back(since);
  return on.run(with_.renewed.text(which.size()), with, by);
}

time_point protocol::renew_unlocked(connection& on, leases which, duration ttl, std::span<core::renew_verdict> verdicts,
                                    time_point by) {
  const batch all{which};
  std::vector<argument> with;
  all.add_to(with);
  const auto unlocked = all.in(on.run(with_.unlocked.text(which.size()), with, by));
  const auto held = all.in(renewed_since(on, which, 0, by));
  std::vector<const core::lease_ref*> rest;
  std::vector<std::size_t> at;
  for (std::size_t i = 0; i < which.size(); ++i) {
    verdicts[i] = held[i] ? core::renew_verdict::unknown : core::renew_verdict::lost;
    if (!unlocked[i] || !held[i]) continue;
    rest.push_back(which[i]);
    at.push_back(i);
  }
  if (rest.empty()) return boot_clock::now();
  std::vector<core::renew_verdict> theirs(rest.size(), core::renew_verdict::unknown);
  const auto sent = renew(on, rest, ttl, theirs, by);
  for (std::size_t i = 0; i < rest.size(); ++i) verdicts[at[i]] = theirs[i];
  return sent;
}

protocol::cleaned protocol::clean(connection& on, duration margin, int rows, std::optional<std::string_view> from,
                                  time_point by) {
  const auto clock = clock_.bounds(boot_clock::now());
  const auto got = on.run(with_.clean,
                          {argument{clock.latest}, argument{clock.patience}, argument{sql::in_us(margin)},
                           argument{std::int64_t{rows}}, from ? argument{*from} : argument{nullptr}},
                          by);
  const auto& row = got.rows.at(0);
  return {.forgotten = static_cast<std::uint64_t>(row.at(0).number), .next = row.at(1).bytes};
}

}  // namespace holdfast::mysql
