#include "twin_redis.hpp"

#include <hiredis/hiredis.h>

#include <cstdlib>
#include <memory>
#include <stdexcept>

namespace holdfast::sim {

namespace {

using std::chrono::seconds;

/// What makes a real server's time the test's: TIME is what the test says, and lives are a thousand times as long as
/// the scripts want, so that the real time that passes does not matter. Put before each script.
constexpr const char* own_time = R"(
local server = redis
local redis = {pcall = server.pcall, call = function(name, ...)
  local words = {...}
  if name == 'TIME' then
    local at = server.call('GET', 'test:clock')
    return {string.sub(at, 1, -7), tostring(tonumber(string.sub(at, -6)))}
  end
  if name == 'PEXPIRE' then words[2] = words[2] * 1000 end
  for i, word in ipairs(words) do
    if name == 'SET' and i > 2 and word == 'PX' then words[i + 1] = words[i + 1] * 1000 end
  end
  local got = server.call(name, unpack(words))
  if name == 'PTTL' and got > 0 then return math.ceil(got / 1000) end
  return got
end}
)";

/// Lets `KEYS`' ends come nearer by ARGV[1] ms of the test's time.
constexpr const char* pass_time = R"(
for _, key in ipairs(KEYS) do
  local left = redis.call('PTTL', key)
  if left >= 0 then redis.call('PEXPIRE', key, math.max(0, left - ARGV[1] * 1000)) end
end
return 1)";

}  // namespace

/// Equal, but for what is left of a life, in which the real server is behind by the time that really passed.
::testing::AssertionResult alike(const value& simulated, const redis::reply& real) {
  using kind = redis::reply::kind;
  const auto differ = [&] {
    return ::testing::AssertionFailure() << "simulated '" << simulated.text << "' " << simulated.number << ", real '"
                                         << real.text << "' " << real.number;
  };
  constexpr kind kinds[]{kind::nil, kind::integer, kind::text, kind::text, kind::error, kind::array};
  if (kinds[static_cast<std::size_t>(simulated.is)] != real.is || simulated.items.size() != real.items.size())
    return differ();
  if (real.is == kind::error) return ::testing::AssertionFailure() << "a script fails: " << real.text;
  constexpr std::int64_t slack = 60;
  if (simulated.number != real.number && (real.number <= 2 || std::abs(simulated.number - real.number) > slack))
    return differ();
  if (simulated.text != real.text) return differ();
  for (std::size_t i = 0; i < real.items.size(); ++i)
    if (auto items = alike(simulated.items[i], real.items[i]); !items) return items;
  return ::testing::AssertionSuccess();
}

// --- the servers ---------------------------------------------------------------------------------------------------

redis::answer twin_servers::real(const std::vector<std::string_view>& words) {
  auto got = client_.command(words, boot_clock::now() + seconds{20});
  if (got.is != redis::answer::outcome::replied) throw std::runtime_error{"the real server does not answer"};
  return got;
}

void twin_servers::plain(const keyspace::words& words) {
  data_.execute(words, now_, {});
  real({words.begin(), words.end()});
}

redis::answer twin_servers::run(const redis::script& what, std::span<const std::string_view> keys,
                                std::span<const std::string_view> arguments) {
  published_.clear();
  const auto publish = [&](const std::string& channel, const std::string& message) -> std::int64_t {
    if (!listeners.contains(channel)) return 0;
    published_.emplace_back(channel, message);
    return 1;
  };
  const auto simulated = lua_.run(std::string{what.text}, keys, arguments,
                                  [&](const keyspace::words& words) { return data_.execute(words, now_, publish); });
  const auto text = own_time + std::string{what.text};
  const auto count = std::to_string(keys.size());
  std::vector<std::string_view> words{"EVAL", text, count};
  words.insert(words.end(), keys.begin(), keys.end());
  words.insert(words.end(), arguments.begin(), arguments.end());
  auto answer = real(words);
  EXPECT_TRUE(alike(simulated, answer.what)) << what.name;
  answer.sent = time_point{};
  answer.connection = 1;
  hear();
  return answer;
}

/// What the simulated server has published, the real one has too.
void twin_servers::hear() {
  for (const auto& [channel, message] : published_) {
    void* got = nullptr;
    ASSERT_EQ(redisGetReply(listeners.at(channel), &got), REDIS_OK);
    const std::unique_ptr<redisReply, void (*)(void*)> heard{static_cast<redisReply*>(got), &freeReplyObject};
    ASSERT_EQ(heard->elements, 3U);
    EXPECT_EQ(std::string(heard->element[2]->str, heard->element[2]->len), message);
  }
}

void twin_servers::set_clock(std::int64_t to) {
  now_ = to;
  const auto text = std::to_string(now_);
  real({"SET", "test:clock", text});
}

void twin_servers::tick() { set_clock(now_ + 100); }

void twin_servers::pass(std::int64_t ms) {
  const auto keys = data_.keys(now_);
  set_clock(now_ + ms * 1000);
  const auto count = std::to_string(keys.size());
  const auto by = std::to_string(ms);
  std::vector<std::string_view> words{"EVAL", pass_time, count};
  words.insert(words.end(), keys.begin(), keys.end());
  words.push_back(by);
  real(words);
}

void twin_servers::clear() {
  data_.clear();
  real({"FLUSHALL"});
  set_clock(now_);
}

void twin_servers::compare_data() {
  const auto keys = data_.keys(now_);
  for (const auto& key : keys) {
    for (const keyspace::words& command : {keyspace::words{"GET", key}, {"ZRANGE", key, "0", "-1", "WITHSCORES"}}) {
      const auto simulated = data_.execute(command, now_, {});
      if (!simulated.failed()) {
        EXPECT_TRUE(alike(simulated, real({command.begin(), command.end()}).what)) << key;
      }
    }
    const bool ends = data_.end_of(key, now_) != INT64_MAX;
    EXPECT_EQ(ends, real({"PTTL", key}).what.number > 0) << key;
  }
  const auto size = real({"DBSIZE"}).what.number;
  EXPECT_EQ(static_cast<std::int64_t>(keys.size()) + 1, size) << "beside test:clock";
}

// --- who listens ---------------------------------------------------------------------------------------------------

twin_ear::twin_ear(twin_servers& to, std::string channel)
    : to_{to}, channel_{std::move(channel)}, context_{redisConnectUnix(to.socket().c_str())} {
  if (context_ == nullptr || context_->err != 0) throw std::runtime_error{"no connection to listen on"};
}

twin_ear::~twin_ear() {
  to_.listeners.erase(channel_);
  redisFree(context_);
}

void twin_ear::set(bool up) {
  if (up == to_.listeners.contains(channel_)) return;
  freeReplyObject(redisCommand(context_, up ? "SUBSCRIBE %s" : "UNSUBSCRIBE %s", channel_.c_str()));
  if (up)
    to_.listeners[channel_] = context_;
  else
    to_.listeners.erase(channel_);
}

}  // namespace holdfast::sim
