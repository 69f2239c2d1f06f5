#include "scripts.hpp"

#include <array>
#include <map>
#include <stdexcept>

#include "store/redis/scripts.hpp"

namespace holdfast::sim {

namespace {

struct mutant {
  std::string_view name;
  std::string_view from;  ///< Wherever a script has this.
  std::string_view to;
};

constexpr std::array mutants{
    // Whose it is.
    mutant{"release_any_owner", "if held ~= owner then\n  if held == false", "if held == nil then\n  if held == false"},
    mutant{"claim_for_anyone",
           "if held == owner then return take_up(record, ARGV[3], ARGV[4], ARGV[5]) end\nif held ==",
           "if held then return take_up(record, ARGV[3], ARGV[4], ARGV[5]) end\nif held =="},
    mutant{"renew_any_owner", "if held[i] == ARGV[2 * i] then", "if held[i] then"},
    mutant{"withdraw_keeps_the_grant", "local held, record = read()\nif held == owner then\n",
           "local held, record = read()\nif false then\n"},
    mutant{"withdraw_keeps_the_ticket", "leave(owner)\nlocal held", "local held"},
    // Whose turn it is.
    mutant{"no_hand_off", "  return hand_on(record, known)\n", "  return false, record\n"},
    mutant{"hand_off_to_the_last", "call('ZRANGE', queue, from, from + step - 1)",
           "call('ZRANGE', queue, -1 - from, -1 - from)"},
    mutant{"hand_off_untold", "redis.pcall('PUBLISH', 'holdfast:' .. where, who) ~= 0", "true"},
    mutant{"acquire_overtakes", "  held, record = hand_on(record, {[owner] = true})\nend\nif held == owner",
           "end\nif held == owner"},
    mutant{"queue_not_marked", "string.sub(old, 1, 17) < '0' .. now", "string.sub(old, 2, 17) < now"},
    mutant{"trial_not_undone", "  call('DEL', KEYS[1])\n  if old", "  if old"},
    mutant{"tickets_by_the_clock", "tail[2] and math.max(now, tail[2] + 1) or now", "now"},
    mutant{"ghost_in_the_queue", "  call('HDEL', waiters, who)\n  return 1\n", "  return {0, call('PTTL', name)}\n"},
    // Tokens.
    mutant{"tokens_by_the_clock", "math.max(record and sub(record, 2, 17) + 1 or 0, tonumber(now))", "tonumber(now)"},
    mutant{"tokens_counted", "math.max(record and sub(record, 2, 17) + 1 or 0, tonumber(now))",
           "record and sub(record, 2, 17) + 1 or 1"},
    mutant{"tokens_cut", "string.format('%016.0f', number)", "tostring(number)"},
    mutant{"token_of_another", "  if is_about(record, owner) then\n    if keep", "  if record then\n    if keep"},
    mutant{"reserve_not_kept", "local last = token + reserve", "local last = token"},
    mutant{"used_not_written_back", "sub(record, 1, 1) .. used ..", "sub(record, 1, 1) .. sub(record, 18, 33) .."},
    // Time.
    mutant{"renewal_in_seconds", "call('PEXPIRE', KEYS[i], ARGV[2 * i + 1])",
           "call('PEXPIRE', KEYS[i], math.ceil(ARGV[2 * i + 1] / 1000))"},
    mutant{"look_in_seconds", "{rank, call('PTTL', name)}", "{rank, math.floor(call('PTTL', name) / 1000)}"},
    mutant{"late_copy_shortens", "if begins or call('PTTL', name) < tonumber(ttl) then", "if true then"},
    mutant{"grant_for_ever", "call('SET', name, owner, 'PX', ttl)", "call('SET', name, owner)"},
    mutant{"queue_for_ever", "  call('PEXPIRE', queue, QUEUE_KEEP)\n", ""},
};

using texts = std::map<std::string_view, std::string>;

texts& all_texts() {
  using namespace redis;
  static texts all = [] {
    texts made;
    for (const script* each : {&acquire_script, &claim_script, &renew_script, &heartbeat_script, &release_script,
                               &withdraw_script, &inspect_script, &break_script})
      made.emplace(each->name, each->text);
    return made;
  }();
  return all;
}

bool replace_all(std::string& text, const mutant& how) {
  bool found = false;
  for (auto at = text.find(how.from); at != std::string::npos; at = text.find(how.from, at + how.to.size())) {
    text.replace(at, how.from.size(), how.to);
    found = true;
  }
  return found;
}

}  // namespace

const std::string& text_of(const redis::script& shipped) { return all_texts().at(shipped.name); }

std::vector<std::string> script_mutants() {
  std::vector<std::string> names;
  for (const auto& each : mutants) names.emplace_back(each.name);
  return names;
}

void use_mutant(std::string_view name) {
  for (const auto& each : mutants) {
    if (each.name != name) continue;
    bool found = false;
    for (auto& [script, text] : all_texts()) found |= replace_all(text, each);
    if (!found) throw std::logic_error{"no script has this text any more: " + std::string{each.from}};
  }
}

}  // namespace holdfast::sim
