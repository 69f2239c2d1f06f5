#include "store/redis/checks.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

namespace holdfast::redis {

namespace {

using namespace std::string_literals;

constexpr std::string_view probe_key = "{holdfast:probe}";
constexpr std::string_view probe_channel = "holdfast:probe";

/// Every command that the scripts call, in a form that changes nothing where the key is not there. HSET makes the key;
/// what follows it removes it.
constexpr std::string_view probe_script = R"(
local key, channel = KEYS[1], ARGV[1]
local forms = {
  {'TIME'}, {'GET', key}, {'MGET', key}, {'SET', key, '', 'XX', 'PX', '1'}, {'DEL', key}, {'EXISTS', key},
  {'TYPE', key}, {'PTTL', key}, {'PEXPIRE', key, '1'}, {'SETRANGE', key, '0', ''}, {'ZADD', key, 'XX', '1', 'm'},
  {'ZRANGE', key, '0', '0'}, {'ZRANK', key, 'm'}, {'ZREM', key, 'm'}, {'ZSCORE', key, 'm'}, {'ZRANDMEMBER', key},
  {'HGET', key, 'f'}, {'HMGET', key, 'f'}, {'HDEL', key, 'f'}, {'HSET', key, 'f', ''}, {'DEL', key},
  {'PUBLISH', channel, ''}}
local refused = {}
for _, form in ipairs(forms) do
  local done, how = pcall(redis.pcall, unpack(form))
  local why = not done and tostring(how) or type(how) == 'table' and how.err
  if why then refused[#refused + 1] = string.lower(form[1]) .. ' ' .. why end
end
return refused)";

/// The value of `field` in the text of INFO.
std::optional<std::string_view> field_of(std::string_view text, std::string_view field) {
  for (auto at = text.find(field); at != text.npos; at = text.find(field, at + 1)) {
    const bool begins = at == 0 || text[at - 1] == '\n';
    const auto after = at + field.size();
    if (!begins || after >= text.size() || text[after] != ':') continue;
    const auto value = text.substr(after + 1);
    return value.substr(0, value.find_first_of("\r\n"));
  }
  return std::nullopt;
}

std::optional<std::string_view> field_of(const reply& info, std::string_view field) {
  if (info.is != reply::kind::text) return std::nullopt;
  return field_of(std::string_view{info.text}, field);
}

/// What stands behind `name` in an array of names and values.
const reply* value_of(const reply& pairs, std::string_view name) {
  for (std::size_t i = 0; i + 1 < pairs.items.size(); i += 2)
    if (pairs.items[i].text == name) return &pairs.items[i + 1];
  return nullptr;
}

/// "7.0.15" as {7, 0}.
std::array<int, 2> version_of(std::string_view text) {
  std::array<int, 2> parts{};
  const auto* at = text.data();
  const auto* const end = text.data() + text.size();
  for (int& part : parts) {
    at = std::from_chars(at, end, part).ptr;
    if (at != end) ++at;
  }
  return parts;
}

/// Patterns of a user: a text in which each has its sign before it, or (before 7.0) an array of them without.
std::vector<std::string> patterns_of(const reply& what, char sign) {
  std::vector<std::string> all;
  for (const auto& each : what.items) all.push_back(each.text);
  std::string_view left{what.text};
  while (!left.empty()) {
    const auto word = left.substr(0, left.find(' '));
    left.remove_prefix(std::min(word.size() + 1, left.size()));
    if (!word.empty()) all.emplace_back(word[0] == sign ? word.substr(1) : word);
  }
  return all;
}

bool is_refusal(std::string_view text) {
  return text.find("NOPERM") != text.npos || text.find("can't run this command") != text.npos ||
         text.find("no permissions to run") != text.npos;
}
bool is_channel_refusal(std::string_view text) {
  return text.find("can't publish") != text.npos || (is_refusal(text) && text.find("channel") != text.npos);
}
/// That the key is out of bounds says nothing of the command.
bool is_key_refusal(std::string_view text) {
  return text.find("access one of the keys") != text.npos || text.find("access at least one of the keys") != text.npos;
}

}  // namespace

checks::checks(const settings& where, std::function<void(const status&)> warn)
    : shown_{where.shown}, user_{where.user.empty() ? "default" : where.user}, warn_{std::move(warn)} {}

void checks::warn(errc code, const std::string& what) const { warn_({code, shown_ + ": " + what}); }

checks::commands checks::next(const std::vector<reply>& answers) {
  if (at_ == phase::done) return {};
  if (answers.empty()) return at_ == phase::settings ? ask_settings() : ask_rights();
  if (at_ == phase::settings && answers.size() == ask_settings().size()) {
    judge_info(answers[0], answers[1]);
    judge_persistence(answers[2], answers[3]);
    at_ = has_all_rights(answers[4]) ? phase::done : phase::rights;
    return at_ == phase::rights ? ask_rights() : commands{};
  }
  if (at_ == phase::rights) judge_rights(answers);
  at_ = phase::done;
  return {};
}

checks::commands checks::ask_settings() const {
  return {{"INFO", "server"},
          {"INFO", "memory"},
          {"INFO", "persistence"},
          {"CONFIG", "GET", "save"},
          {"ACL", "GETUSER", user_}};
}

void checks::judge_info(const reply& server, const reply& memory) {
  if (const auto version = field_of(server, "redis_version"); version && version_of(*version) < std::array{6, 2})
    warn(errc::misconfigured, "the server is version " + std::string{*version} + ", and locks need 6.2 or newer");
  if (field_of(server, "redis_mode") == "cluster")
    warn(errc::misconfigured, "this is a node of a Redis Cluster, which is not supported");
  const auto policy = field_of(memory, "maxmemory_policy");
  if (!policy || *policy == "noeviction") return;
  const bool bounded = field_of(memory, "maxmemory").value_or("0") != "0";
  warn(errc::misconfigured, "the server evicts keys (maxmemory-policy " + std::string{*policy} + ") when " +
                                (bounded ? "its memory is full" : "its maxmemory, which is not set now, is reached") +
                                ", and with them locks that are held: set noeviction");
}

void checks::judge_persistence(const reply& persistence, const reply& save) {
  if (field_of(persistence, "aof_enabled") != "0") return;
  const auto* const when = value_of(save, "save");
  if (when == nullptr || when->is != reply::kind::text || !when->text.empty()) return;
  warn(errc::misconfigured,
       "the server keeps nothing on disk (save is empty, appendonly off): a restart frees every lock while its holder "
       "still works");
}

/// Also tells of keys and channels that are out of bounds.
bool checks::has_all_rights(const reply& user) {
  if (user.is != reply::kind::array) return false;
  const auto* const runs = value_of(user, "commands");
  const auto* const keys = value_of(user, "keys");
  if (runs == nullptr || keys == nullptr) return false;
  const auto allowed = patterns_of(*keys, '~');
  const bool side_keys = std::any_of(allowed.begin(), allowed.end(), [](const std::string& each) {
    return each.starts_with("*") || each.starts_with("{") || each.starts_with("%RW~*") || each.starts_with("%RW~{");
  });
  if (!side_keys)
    warn(errc::not_authorised, "the ACL user '" + user_ +
                                   "' may not use the keys that a lock has beside its own, "
                                   "{NAME}:holdfast:*: for locks app:... allow ~app:* and ~{app:*");
  return runs->text == "+@all" && value_of(user, "channels") != nullptr &&
         patterns_of(*value_of(user, "channels"), '&') == std::vector{"*"s};
}

checks::commands checks::ask_rights() const {
  return {{"EVALSHA", std::string(40, '0'), "0"},
          {"SCAN", "0", "COUNT", "1"},
          {"PING"},
          {"EVAL", std::string{probe_script}, "1", std::string{probe_key}, std::string{probe_channel}}};
}

void checks::judge_rights(const std::vector<reply>& answers) {
  std::vector<std::string> missing;
  bool channel = false;
  const auto add = [&](const std::string& name, const std::string& why) {
    if (is_channel_refusal(why))
      channel = true;
    else if (is_refusal(why) && !is_key_refusal(why) &&
             std::find(missing.begin(), missing.end(), name) == missing.end())
      missing.push_back(name);
  };
  constexpr std::array plain{"evalsha", "scan", "ping", "eval"};
  for (std::size_t i = 0; i < std::min(answers.size(), plain.size()); ++i)
    if (answers[i].is == reply::kind::error) add(plain[i], answers[i].text);
  if (answers.size() == plain.size())
    for (const auto& each : answers.back().items) {
      const auto space = each.text.find(' ');
      if (space != std::string::npos) add(each.text.substr(0, space), each.text.substr(space + 1));
    }
  if (!missing.empty()) {
    std::string names;
    for (const auto& each : missing) names.append(names.empty() ? "+" : " +").append(each);
    warn(errc::not_authorised,
         "the ACL user '" + user_ + "' lacks the rights " + names + ", which locks need: grant them with ACL SETUSER");
  }
  if (channel)
    warn(errc::not_authorised, "the ACL user '" + user_ +
                                   "' may not publish to the channels holdfast:*, so waiters are "
                                   "not told of their turn: allow &holdfast:*");
}

}  // namespace holdfast::redis
