#include "keyspace.hpp"

#include <algorithm>
#include <stdexcept>

#include "words.hpp"

namespace holdfast::sim {

// --- which commands there are --------------------------------------------------------------------------------------

const std::map<std::string, keyspace::command_rule, std::less<>>& keyspace::rules() {
  using k = keyspace;
  static const std::map<std::string, command_rule, std::less<>> all{
      {"TIME", {1, false, false, &k::time}},      {"TYPE", {2, false, false, &k::type}},
      {"EXISTS", {-2, false, false, &k::exists}}, {"DEL", {-2, true, false, &k::del}},
      {"PTTL", {2, false, false, &k::pttl}},      {"PEXPIRE", {-3, true, false, &k::pexpire}},
      {"GET", {2, false, false, &k::get}},        {"MGET", {-2, false, false, &k::mget}},
      {"SET", {-3, true, true, &k::set}},         {"SETRANGE", {4, true, true, &k::setrange}},
      {"HGET", {3, false, false, &k::hget}},      {"HMGET", {-3, false, false, &k::hmget}},
      {"HSET", {-4, true, true, &k::hset}},       {"HDEL", {-3, true, false, &k::hdel}},
      {"ZADD", {-4, true, true, &k::zadd}},       {"ZREM", {-3, true, false, &k::zrem}},
      {"ZSCORE", {3, false, false, &k::zscore}},  {"ZRANK", {-3, false, false, &k::zrank}},
      {"ZRANGE", {-4, false, false, &k::zrange}}, {"ZRANDMEMBER", {-2, false, false, &k::zrandmember}},
      {"PUBLISH", {3, true, false, nullptr}}};
  return all;
}

const keyspace::command_rule& keyspace::rule_of(const words& command) {
  const auto found = rules().find(upper(command.at(0)));
  if (found == rules().end()) throw std::logic_error{"the simulated Redis does not know " + command.at(0)};
  return found->second;
}

bool keyspace::writes(const words& command) { return rule_of(command).writes; }
bool keyspace::grows(const words& command) { return rule_of(command).grows; }

value keyspace::execute(const words& command, std::int64_t now, const publisher& publish) {
  const auto& rule = rule_of(command);
  const auto given = static_cast<int>(command.size());
  if (rule.arity > 0 ? given != rule.arity : given < -rule.arity)
    return value::error("ERR Wrong number of args calling Redis command from script");
  drop_ended(now / 1000);
  if (rule.carry_out == nullptr) return value::integer(publish ? publish(command[1], command[2]) : 0);
  return (this->*rule.carry_out)({command, now});
}

// --- keys ----------------------------------------------------------------------------------------------------------

keyspace::entry* keyspace::find(const std::string& key) {
  const auto found = data_.find(key);
  return found == data_.end() ? nullptr : &found->second;
}

const keyspace::entry* keyspace::live(const std::string& key, std::int64_t ms) const {
  const auto found = data_.find(key);
  return found == data_.end() || (found->second.ends && ms > *found->second.ends) ? nullptr : &found->second;
}

/// A key is there up to and with the millisecond that its expiry names. Once gone it stays gone, wherever the clock goes.
void keyspace::drop_ended(std::int64_t ms) {
  if (ms <= soonest_end_) return;
  std::erase_if(data_, [ms](const auto& it) { return it.second.ends && ms > *it.second.ends; });
  soonest_end_ = INT64_MAX;
  for (const auto& [key, it] : data_)
    if (it.ends) soonest_end_ = std::min(soonest_end_, *it.ends);
}

void keyspace::drop_if_empty(const std::string& key) {
  auto* const it = find(key);
  const auto* const h = std::get_if<hash>(&it->what);
  const auto* const z = std::get_if<sorted_set>(&it->what);
  if ((h != nullptr && h->empty()) || (z != nullptr && z->scores.empty())) data_.erase(key);
}

std::optional<std::string> keyspace::text_of(const std::string& key, std::int64_t now) const {
  const auto* const it = live(key, now / 1000);
  const auto* const text = it == nullptr ? nullptr : std::get_if<std::string>(&it->what);
  return text == nullptr ? std::nullopt : std::optional{*text};
}

std::optional<std::int64_t> keyspace::end_of(const std::string& key, std::int64_t now) const {
  const auto* const it = live(key, now / 1000);
  return it == nullptr ? std::nullopt : std::optional{it->ends.value_or(INT64_MAX)};
}

std::vector<std::string> keyspace::keys(std::int64_t now) const {
  std::vector<std::string> all;
  for (const auto& [key, it] : data_)
    if (live(key, now / 1000) != nullptr) all.push_back(key);
  return all;
}

value keyspace::time(const call& it) {
  return value::array(
      {value::bulk(std::to_string(it.now / 1'000'000)), value::bulk(std::to_string(it.now % 1'000'000))});
}

value keyspace::type(const call& it) {
  const auto* const at = find(it.in[1]);
  if (at == nullptr) return value::status("none");
  constexpr const char* names[]{"string", "hash", "zset"};
  return value::status(names[at->what.index()]);
}

value keyspace::exists(const call& it) {
  return value::integer(
      std::count_if(it.in.begin() + 1, it.in.end(), [this](const auto& key) { return find(key) != nullptr; }));
}

value keyspace::del(const call& it) {
  std::int64_t gone = 0;
  for (std::size_t i = 1; i < it.in.size(); ++i) gone += static_cast<std::int64_t>(data_.erase(it.in[i]));
  return value::integer(gone);
}

value keyspace::pttl(const call& it) {
  const auto* const at = find(it.in[1]);
  if (at == nullptr) return value::integer(-2);
  return value::integer(at->ends ? std::max<std::int64_t>(*at->ends - it.ms(), 0) : -1);
}

value keyspace::pexpire(const call& it) {
  const auto pause = to_integer(it.in[2]);
  if (!pause) return not_an_integer();
  if (it.in.size() > 3) throw std::logic_error{"PEXPIRE with an option"};
  auto* const at = find(it.in[1]);
  if (at == nullptr) return value::integer(0);
  if (*pause <= 0) {
    data_.erase(it.in[1]);
  } else {
    at->ends = it.ms() + *pause;
    soonest_end_ = std::min(soonest_end_, *at->ends);
  }
  return value::integer(1);
}

}  // namespace holdfast::sim
