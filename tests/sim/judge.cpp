#include "judge.hpp"

#include <algorithm>
#include <iostream>

namespace holdfast::sim {

std::string name_of(const core::owner_id& owner) {
  if (owner.nil()) return "nobody";
  return (owner.high() == ~std::uint64_t{0} ? "foreign" : std::to_string(owner.high())) + "#" +
         std::to_string(owner.low());
}

judge::judge(const timeline& time, std::size_t resources, bool tell)
    : time_{time}, places_(resources), telling_{tell} {}

namespace {

std::string stamp(time_point now) {
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(now - time_point{std::chrono::hours{1}});
  auto text = std::to_string(us.count());
  if (text.size() < 9) text.insert(0, 9 - text.size(), ' ');
  return text + " us  ";
}

}  // namespace

void judge::tell(const std::function<std::string()>& line) const {
  if (telling_) std::cout << stamp(time_.now()) << line() << '\n';
}

void judge::fail(const std::string& what) const { throw violation{stamp(time_.now()) + what}; }

void judge::granted(const std::shared_ptr<tenure_record>& who, std::uint64_t token, duration ttl) {
  tell([&] {
    return "TURN of " + name_of(who->owner) + " on r" + std::to_string(who->resource) + ", token " +
           std::to_string(token);
  });
  if (who->deadline - who->read < ttl / 20)
    fail("a grant was returned with next to no time left: " + name_of(who->owner));
  begin(who);
  places_[who->resource].marks.push_back({who->executed, token, who->owner, revived_.contains(who->owner)});
  ++turns_;
}

void judge::granted_elsewhere(const std::shared_ptr<tenure_record>& who) {
  tell([&] { return "TURN of a foreign client, " + name_of(who->owner) + ", on r" + std::to_string(who->resource); });
  begin(who);
}

void judge::begin(const std::shared_ptr<tenure_record>& who) {
  const auto now = time_.now();
  auto& here = places_[who->resource];
  if (who->executed <= last_disruption_ || broken_.contains(who->owner)) who->excused = true;
  std::erase_if(here.tenures, [&](const auto& t) { return t->lost || now >= t->deadline; });
  for (const auto& other : here.tenures)
    if (now < who->deadline && other->held(now) && !other->excused && !who->excused)
      fail("two hold r" + std::to_string(who->resource) + ": " + name_of(other->owner) + " and " + name_of(who->owner));
  who->in_turn = true;
  here.tenures.push_back(who);
}

void judge::passed(const tenure_record& who, std::uint64_t token) {
  tell([&] { return "TURN passed within " + name_of(who.owner) + ", token " + std::to_string(token); });
  if (!who.held(time_.now())) fail("a lease was passed on that is not held: " + name_of(who.owner));
  places_[who.resource].marks.push_back({time_.now(), token, who.owner, who.excused || revived_.contains(who.owner)});
  ++turns_;
}

void judge::renewed(tenure_record& who, time_point deadline, bool owner_held) {
  if (who.lost || time_.now() >= who.deadline) fail("a lost lease came back: " + name_of(who.owner));
  if (!owner_held) fail("a lease was renewed that the store no longer held for " + name_of(who.owner));
  who.deadline = deadline;
}

void judge::client_gone(tenure_record& who) {
  who.in_turn = false;
  auto& tenures = places_[who.resource].tenures;
  std::erase_if(tenures, [&](const auto& t) { return t.get() == &who; });
}

void judge::disrupted() {
  last_disruption_ = time_.now();
  for (auto& here : places_)
    for (const auto& t : here.tenures) t->excused = true;
}

void judge::broken(std::size_t resource, const core::owner_id& owner) {
  broken_.insert(owner);
  for (const auto& t : places_[resource].tenures)
    if (t->owner == owner) t->excused = true;
}

void judge::compare(std::size_t resource, const core::owner_id& owner) const {
  for (const auto& t : places_[resource].tenures) check_believed(*t, owner);
}

void judge::check_believed(const tenure_record& who, const core::owner_id& stored) const {
  if (who.excused || !who.held(time_.now()) || who.owner == stored) return;
  fail(name_of(who.owner) + " still counts r" + std::to_string(who.resource) + " as held, the store has " +
       name_of(stored));
}

void judge::check_tokens() const {
  for (const auto& here : places_) {
    auto marks = here.marks;
    std::stable_sort(marks.begin(), marks.end(), [](const mark& a, const mark& b) { return a.at < b.at; });
    std::uint64_t highest = 0;
    std::set<std::uint64_t> all;
    for (const auto& m : marks) {
      if (!all.insert(m.token).second) fail("token " + std::to_string(m.token) + " twice: " + name_of(m.owner));
      if (m.token <= highest && !m.stale)
        fail("token " + std::to_string(m.token) + " of " + name_of(m.owner) + " after " + std::to_string(highest));
      highest = std::max(highest, m.token);
    }
  }
}

}  // namespace holdfast::sim
