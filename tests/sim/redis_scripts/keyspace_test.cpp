// The simulated Redis by itself, and command by command beside a real server.
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "../rng.hpp"
#include "interpreter.hpp"
#include "keyspace.hpp"
#include "support/plain_redis.hpp"
#include "support/redis_server.hpp"

namespace holdfast::sim {

namespace {

constexpr std::int64_t start = 1'700'000'000'000'000;

class keyspace_alone : public ::testing::Test {
 protected:
  value run(const keyspace::words& words) { return data_.execute(words, now_, {}); }
  value eval(const std::string& text, const std::vector<std::string_view>& arguments = {}) {
    return lua_.run(text, {}, arguments, [this](const keyspace::words& words) { return run(words); });
  }

  keyspace data_;
  interpreter lua_;
  std::int64_t now_ = start;
};

TEST_F(keyspace_alone, a_key_is_there_until_the_millisecond_of_its_end_is_over) {
  now_ = start + 900;  // Within a millisecond: its end is counted from the begin of that.
  run({"SET", "k", "v", "PX", "100"});
  EXPECT_EQ(run({"PTTL", "k"}), value::integer(100));
  now_ = start + 100'999;
  EXPECT_EQ(run({"GET", "k"}), value::bulk("v"));
  EXPECT_EQ(run({"PTTL", "k"}), value::integer(0));
  now_ = start + 101'000;
  EXPECT_EQ(run({"GET", "k"}), value::nil());
  EXPECT_EQ(run({"PTTL", "k"}), value::integer(-2));
}

TEST_F(keyspace_alone, a_key_that_ended_does_not_come_back_with_the_clock) {
  run({"SET", "k", "v", "PX", "100"});
  now_ += 200'000;
  run({"EXISTS", "k"});
  now_ = start;
  EXPECT_EQ(run({"EXISTS", "k"}), value::integer(0));
}

TEST_F(keyspace_alone, setting_a_key_takes_its_expiry_off) {
  run({"SET", "k", "v", "PX", "100"});
  run({"SETRANGE", "k", "0", "w"});
  EXPECT_EQ(run({"PTTL", "k"}), value::integer(100));
  run({"SET", "k", "v"});
  EXPECT_EQ(run({"PTTL", "k"}), value::integer(-1));
}

TEST_F(keyspace_alone, a_copy_is_a_snapshot) {
  run({"SET", "k", "old"});
  const keyspace kept = data_;
  run({"SET", "k", "new"});
  EXPECT_EQ(kept.text_of("k", now_), "old");
}

TEST_F(keyspace_alone, scripts_that_fail_keep_what_they_did) {
  const auto answer = eval("redis.call('SET', 'k', 'v') redis.call('HGET', 'k', 'f') redis.call('DEL', 'k')");
  EXPECT_EQ(answer.is, value::kind::error);
  EXPECT_TRUE(answer.text.starts_with("WRONGTYPE")) << answer.text;
  EXPECT_EQ(run({"GET", "k"}), value::bulk("v"));
}

TEST_F(keyspace_alone, no_script_has_globals) {
  EXPECT_TRUE(eval("oops = 1").failed());
  EXPECT_TRUE(eval("return oops").failed());
  EXPECT_EQ(eval("return #KEYS + #ARGV", {"one"}), value::integer(1));
}

TEST_F(keyspace_alone, what_it_does_not_know_ends_the_simulation) {
  EXPECT_THROW(run({"XADD", "k", "*", "f", "v"}), std::logic_error);
  EXPECT_THROW(eval("return redis.pcall('XADD', 'k', '*', 'f', 'v')"), std::logic_error);
  EXPECT_EQ(eval("return 1"), value::integer(1));
}

// --- beside a real server ------------------------------------------------------------------------------------------

redis::reply folded(const value& from) {
  using kind = redis::reply::kind;
  redis::reply made;
  made.number = from.number;
  made.text = from.text;
  for (const auto& item : from.items) made.items.push_back(folded(item));
  constexpr kind kinds[]{kind::nil, kind::integer, kind::text, kind::text, kind::error, kind::array};
  made.is = kinds[static_cast<std::size_t>(from.is)];
  return made;
}

std::string shown(const redis::reply& it) {
  using kind = redis::reply::kind;
  switch (it.is) {
    case kind::nil:
      return "nil";
    case kind::integer:
      return std::to_string(it.number);
    case kind::text:
      return "'" + it.text + "'";
    case kind::error:  // Redis adds where in the script it was.
      return "error " + it.text.substr(0, it.text.find(" script: "));
    case kind::array:
      break;
  }
  std::string text{"["};
  for (const auto& item : it.items) text += shown(item) + " ";
  return text + "]";
}

class beside_redis : public keyspace_alone {
 protected:
  void expect_same(const std::string& text, const std::vector<std::string_view>& arguments = {}) {
    std::vector<std::string_view> words{"EVAL", text, "0"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    const auto real = client_.command(words, boot_clock::now() + std::chrono::seconds{20});
    ASSERT_EQ(real.is, redis::answer::outcome::replied);
    ASSERT_EQ(shown(folded(eval(text, arguments))), shown(real.what)) << text;
  }

  testing::redis_server server_;
  testing::plain_channel client_{server_.socket()};
};

TEST_F(beside_redis, values_pass_out_of_scripts_alike) {
  for (const auto* const made : {"1",
                                 "3.99",
                                 "-3.99",
                                 "1e15",
                                 "9007199254740991",
                                 "true",
                                 "false",
                                 "nil",
                                 "'text'",
                                 "{1, 2.5, nil, 4}",
                                 "{1, false, 'x', {true, {}}}",
                                 "{ok = 'fine'}",
                                 "{err = 'BAD thing'}",
                                 "redis.status_reply('fine')",
                                 "redis.error_reply('BAD thing')",
                                 "{a = 1}",
                                 "string.format('%.0f', 1700000000000001)",
                                 "1700000000000001 .. ''",
                                 "tostring(0.1)",
                                 "redis.call('SET', 'k', 'v')",
                                 "redis.pcall('SET', 'k')",
                                 "redis.call('GET', 'none') == false",
                                 "redis.call('SET', 'n', 3.5) and redis.call('GET', 'n')",
                                 "redis.call('SET', 'n', 1700000000000001) and redis.call('GET', 'n')",
                                 "redis.call('SET', 'n', 2^53 - 1) and redis.call('GET', 'n')",
                                 "type(redis.call('TYPE', 'k').ok)",
                                 "redis.call('GET')",
                                 "redis.call()",
                                 "redis.call('GET', {})",
                                 "redis.call('SET', 'k', 'v', 'PX', 1.5)",
                                 "redis.pcall('HGET', 'k', 'f')",
                                 "redis.pcall('HGET', 'k', 'f').err",
                                 "type(redis.call('TIME')[2])"})
    expect_same("return " + std::string{made});
}

/// Carries out the commands in ARGV, each after its number of words, and tells in a text what a script sees of the
/// answers. What passes of time is not to be seen, nor chance.
constexpr const char* run_all = R"(
local function show(v)
  if type(v) == 'number' then return 'n' .. string.format('%.17g', v) end
  if type(v) == 'string' then return 's' .. v end
  if type(v) == 'boolean' then return tostring(v) end
  if v.ok then return 'ok ' .. v.ok end
  if v.err then return 'err ' .. v.err end
  local all = {}
  for i, each in ipairs(v) do all[i] = show(each) end
  return '[' .. table.concat(all, ',') .. ']'
end
local out, at = {}, 1
while at <= #ARGV do
  local n = tonumber(ARGV[at])
  local words = {}
  for i = 1, n do words[i] = ARGV[at + i] end
  local got = redis.pcall(unpack(words))
  if words[1] == 'PTTL' and type(got) == 'number' and got > 0 then got = math.floor(got / 100000) end
  if words[1] == 'ZRANDMEMBER' and not got.err then
    table.sort(got)
    if #got < 7 then got = #got end
  end
  out[#out + 1] = words[1] .. ' ' .. show(got)
  at = at + n + 1
end
return table.concat(out, '\n')
)";

class command_maker {
 public:
  explicit command_maker(std::uint64_t seed) : dice_{seed} {}

  keyspace::words command() {
    static const std::vector<std::vector<std::string>> shapes{{"GET", "K"},
                                                              {"DEL", "K"},
                                                              {"DEL", "K", "K"},
                                                              {"EXISTS", "K", "K"},
                                                              {"TYPE", "K"},
                                                              {"PTTL", "K"},
                                                              {"PEXPIRE", "K", "T"},
                                                              {"MGET", "K", "K", "K"},
                                                              {"SET", "K", "V"},
                                                              {"SET", "K", "V"},
                                                              {"SET", "K", "V", "NX"},
                                                              {"SET", "K", "V", "PX", "T"},
                                                              {"SET", "K", "V", "NX", "PX", "T"},
                                                              {"SET", "K", "V", "GET"},
                                                              {"SET", "K", "V", "PX", "T", "GET"},
                                                              {"SETRANGE", "K", "I", "V"},
                                                              {"HGET", "K", "M"},
                                                              {"HSET", "K", "M", "V"},
                                                              {"HSET", "K", "M", "V", "M", "V"},
                                                              {"HSET", "K", "M", "V", "M"},
                                                              {"HDEL", "K", "M", "M"},
                                                              {"HMGET", "K", "M", "M"},
                                                              {"ZADD", "K", "S", "M"},
                                                              {"ZADD", "K", "S", "M", "S", "M"},
                                                              {"ZREM", "K", "M", "M"},
                                                              {"ZSCORE", "K", "M"},
                                                              {"ZRANK", "K", "M"},
                                                              {"ZRANGE", "K", "I", "I"},
                                                              {"ZRANGE", "K", "I", "I", "WITHSCORES"},
                                                              {"ZRANDMEMBER", "K", "7"},
                                                              {"PUBLISH", "V", "V"},
                                                              {"GET"},
                                                              {"ZRANGE", "K", "I"}};
    keyspace::words made = shapes[dice_.below(shapes.size())];
    for (std::size_t i = 1; i < made.size(); ++i) made[i] = word(made[i]);
    return made;
  }
  static std::string key(std::size_t number) { return "k" + std::to_string(number); }
  static constexpr std::size_t keys = 5;

 private:
  std::string one_of(const std::vector<std::string>& all) { return all[dice_.below(all.size())]; }
  std::string word(const std::string& kind) {
    if (kind == "K") return key(dice_.below(keys));
    if (kind == "V") return one_of({"", "a", "bcd", "1700000000000001", std::string{"\0x", 2}, "12"});
    if (kind == "M") return one_of({"m0", "m1", "m2", "m3", "m4", "m5"});
    if (kind == "T") return one_of({"150000", "100150000", "9000150000", "0", "-5", "x", "1.5", "", "01", "+3"});
    if (kind == "I") return one_of({"0", "1", "2", "-1", "-2", "5", "-9", "x", "3"});
    if (kind == "S") return one_of({"1", "1.5", "-3", "1700000000000001", "1e3", "x", "0", "2", "inf"});
    return kind;
  }

  rng dice_;
};

TEST_F(beside_redis, commands_answer_alike) {
  constexpr int rounds = 600;
  for (std::uint64_t seed = 1; seed <= rounds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    command_maker maker{seed};
    keyspace::words all;
    const auto add = [&](const keyspace::words& command) {
      all.push_back(std::to_string(command.size()));
      all.insert(all.end(), command.begin(), command.end());
    };
    for (std::size_t i = 0; i < command_maker::keys; ++i) add({"DEL", command_maker::key(i)});
    for (int i = 0; i < 60; ++i) add(maker.command());
    for (std::size_t i = 0; i < command_maker::keys; ++i)
      for (const keyspace::words& command : {keyspace::words{"GET"}, {"ZRANGE"}, {"HMGET"}, {"PTTL"}}) {
        auto made = command;
        made.push_back(command_maker::key(i));
        if (made[0] == "ZRANGE") made.insert(made.end(), {"0", "-1", "WITHSCORES"});
        if (made[0] == "HMGET") made.insert(made.end(), {"m0", "m1", "m2", "m3", "m4", "m5"});
        add(made);
      }
    expect_same(run_all, {all.begin(), all.end()});
    if (HasFatalFailure()) return;
  }
}

}  // namespace

}  // namespace holdfast::sim
