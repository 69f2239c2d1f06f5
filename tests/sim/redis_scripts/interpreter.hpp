#pragma once

#include <exception>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "value.hpp"

struct lua_State;

namespace holdfast::sim {

/// Runs scripts in Lua 5.1 as a Redis server does: KEYS, ARGV, redis.call and redis.pcall, what becomes of values on
/// their way in and out, and no globals but those. One thread at a time.
class interpreter {
 public:
  /// Carries out one command of a script.
  using commands = std::function<value(const std::vector<std::string>& words)>;

  interpreter();
  ~interpreter();
  interpreter(const interpreter&) = delete;
  interpreter& operator=(const interpreter&) = delete;

  /// Scripts are compiled once. Throws std::logic_error if `text` is no Lua; what `carry_out` throws goes through.
  value run(const std::string& text, std::span<const std::string_view> keys,
            std::span<const std::string_view> arguments, const commands& carry_out);

 private:
  friend struct glue;
  void compile(const std::string& text);

  lua_State* lua_;
  std::map<std::string, int, std::less<>> compiled_;
  const commands* carry_out_ = nullptr;
  std::exception_ptr thrown_;
};

}  // namespace holdfast::sim
