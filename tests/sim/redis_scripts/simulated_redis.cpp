#include "simulated_redis.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "interpreter.hpp"
#include "scripts.hpp"
#include "store/redis/errors.hpp"
#include "store/redis/scripts.hpp"

namespace holdfast::sim {

namespace {

/// The server's clock stands somewhere in the 2020s when a schedule begins (µs).
constexpr std::int64_t epoch = 1'700'000'000'000'000;
constexpr time_point opened{std::chrono::hours{1}};

redis::reply as_reply(const value& from) {
  using kind = redis::reply::kind;
  redis::reply made;
  made.number = from.number;
  made.text = from.text;
  for (const auto& item : from.items) made.items.push_back(as_reply(item));
  constexpr std::array kinds{kind::nil, kind::integer, kind::text, kind::text, kind::error, kind::array};
  made.is = kinds[static_cast<std::size_t>(from.is)];
  return made;
}

/// Scripts declare every key that they touch: else a cluster would refuse them.
void check_declared(const std::vector<std::string>& words, std::span<const std::string_view> keys) {
  if (words.size() < 2 || words[0] == "PUBLISH") return;
  const bool many = words[0] == "MGET" || words[0] == "DEL" || words[0] == "EXISTS";
  for (std::size_t i = 1; i < (many ? words.size() : 2); ++i)
    if (std::find(keys.begin(), keys.end(), words[i]) == keys.end())
      throw std::logic_error{"a script uses the key " + words[i] + ", which it does not declare"};
}

std::string shown(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : " ") + (word.empty() ? "''" : word);
  return text;
}

std::string shown(const value& it) {
  if (it.is == value::kind::integer) return std::to_string(it.number);
  return it.is == value::kind::nil ? "nil" : it.text;
}

}  // namespace

std::int64_t to_server(time_point now) {
  return epoch + std::chrono::floor<std::chrono::microseconds>(now - opened).count();
}

time_point from_server(std::int64_t ms) { return opened + std::chrono::microseconds{ms * 1000 - epoch}; }

/// A script on its way.
struct simulated_redis::running {
  std::span<const std::string_view> keys;
  std::int64_t most_writes = INT64_MAX;  ///< Then it is ended.
  bool full = false;                     ///< The server has no memory for more data.
  std::int64_t written = 0;
  bool took_on_trial = false;
};

redis::answer simulated_redis::run(const redis::script& what, std::span<const std::string_view> keys,
                                   std::span<const std::string_view> arguments) {
  running script{.keys = keys};
  // What a renewal writes beside the lease is left to chance by the client, so it can't be ended at a certain write.
  const bool renews = what.name == redis::renew_script.name;
  if (!renews && strikes_(fault::script_cut)) script.most_writes = dice_.between(0, 6);
  script.full = strikes_(fault::out_of_memory);
  cut = false;
  thread_local interpreter lua;
  redis::answer made;
  made.is = redis::answer::outcome::replied;
  made.what = as_reply(lua.run(text_of(what), keys, arguments,
                               [&](const std::vector<std::string>& words) { return carry_out(script, words); }));
  if (made.what.is == redis::reply::kind::error) {
    if (!cut && !script.full) throw std::logic_error{std::string{what.name} + ".lua fails: " + made.what.text};
    made.why = redis::explain_reply(made.what.text, "redis://simulated");
  }
  made.sent = now;
  made.connection = 1;
  return made;
}

value simulated_redis::carry_out(running& script, const std::vector<std::string>& words) {
  check_declared(words, script.keys);
  const auto go = [&] {
    return data.execute(words, to_server(now), [this](const std::string& channel, const std::string& message) {
      return publish(channel, message);
    });
  };
  if (!keyspace::writes(words)) return go();
  if (script.full && script.written == 0 && keyspace::grows(words))
    return value::error("OOM command not allowed when used memory > 'maxmemory'.");
  // An acquire takes a free resource on trial, by two writes, and undoes both where a queue stands. Its undoing is
  // spared: on a server it can't fail (no key's type and no want of memory matters to it).
  const bool undoes = script.took_on_trial && (script.written == 2 || script.written == 3);
  if (cut || (script.written >= script.most_writes && !undoes)) {
    cut = ever_cut = true;
    return value::error("ERR the script was ended");
  }
  auto answer = go();
  tell_([&] { return "  " + shown(words) + " -> " + shown(answer); });
  if (script.written++ == 0) script.took_on_trial = words.size() > 3 && words[3] == "NX" && !answer.text.empty();
  return answer;
}

std::int64_t simulated_redis::publish(const std::string& channel, const std::string& message) {
  const auto found = listeners.find(channel);
  if (found == listeners.end()) return 0;
  found->second(message);
  return 1;
}

redis::answer simulated_channel::call(const redis::script& what, std::span<const std::string_view> keys,
                                      std::span<const std::string_view> arguments, time_point) {
  return server_.run(what, keys, arguments);
}

redis::answer simulated_channel::command(std::span<const std::string_view>, time_point) {
  throw std::logic_error{"no verb of the simulation needs a plain command"};
}

simulated_ear::~simulated_ear() { server_.listeners.erase(channel_); }

status simulated_ear::ready(time_point) {
  wanted_ = true;
  if (!up_) return {errc::unavailable, "the listener's connection is down"};
  subscribe();
  return {};
}

void simulated_ear::set(bool up) {
  up_ = up;
  if (!up_) server_.listeners.erase(channel_);
  if (!up_ || !wanted_) return;
  subscribe();
  tell_.missed();
}

}  // namespace holdfast::sim
