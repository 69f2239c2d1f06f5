#include "interpreter.hpp"

#include <cstdio>
#include <stdexcept>

#include <lua.hpp>

namespace holdfast::sim {

/// What Lua calls. lua_error jumps over destructors: no function that calls it has an object alive by then.
struct glue {
  static interpreter& host(lua_State* lua) {
    return *static_cast<interpreter*>(lua_touserdata(lua, lua_upvalueindex(1)));
  }

  static void push_field(lua_State* lua, const char* name, const std::string& text) {
    lua_createtable(lua, 0, 1);
    lua_pushlstring(lua, text.data(), text.size());
    lua_setfield(lua, -2, name);
  }

  /// A command's answer, as the script sees it.
  static void push(lua_State* lua, const value& it) {
    luaL_checkstack(lua, 4, "a reply that is nested too deeply");
    switch (it.is) {
      case value::kind::nil:
        lua_pushboolean(lua, 0);
        return;
      case value::kind::integer:
        lua_pushnumber(lua, static_cast<lua_Number>(it.number));
        return;
      case value::kind::bulk:
        lua_pushlstring(lua, it.text.data(), it.text.size());
        return;
      case value::kind::status:
        push_field(lua, "ok", it.text);
        return;
      case value::kind::error:
        push_field(lua, "err", it.text);
        return;
      case value::kind::array:
        lua_createtable(lua, static_cast<int>(it.items.size()), 0);
        for (std::size_t i = 0; i < it.items.size(); ++i) {
          push(lua, it.items[i]);
          lua_rawseti(lua, -2, static_cast<int>(i + 1));
        }
    }
  }

  static bool read_field(lua_State* lua, int at, const char* name, std::string& text) {
    lua_pushstring(lua, name);
    lua_rawget(lua, at);
    const bool there = lua_type(lua, -1) == LUA_TSTRING;
    if (there) text = text_at(lua, -1);
    lua_pop(lua, 1);
    return there;
  }

  static std::string text_at(lua_State* lua, int at) {
    std::size_t size = 0;
    const char* const text = lua_tolstring(lua, at, &size);
    return {text, size};
  }

  /// What the script returns, as the client sees it: numbers lose their fraction, and an array ends at its first nil.
  static value read(lua_State* lua, int at) {
    if (at < 0) at = lua_gettop(lua) + 1 + at;
    switch (lua_type(lua, at)) {
      case LUA_TSTRING:
        return value::bulk(text_at(lua, at));
      case LUA_TNUMBER:
        return value::integer(static_cast<std::int64_t>(lua_tonumber(lua, at)));
      case LUA_TBOOLEAN:
        return lua_toboolean(lua, at) != 0 ? value::integer(1) : value::nil();
      case LUA_TTABLE:
        return read_table(lua, at);
      default:
        return value::nil();
    }
  }

  static value read_table(lua_State* lua, int at) {
    std::string text;
    if (read_field(lua, at, "err", text)) return value::error(text);
    if (read_field(lua, at, "ok", text)) return value::status(text);
    std::vector<value> all;
    for (int i = 1;; ++i) {
      lua_rawgeti(lua, at, i);
      if (lua_type(lua, -1) == LUA_TNIL) break;
      all.push_back(read(lua, -1));
      lua_pop(lua, 1);
    }
    lua_pop(lua, 1);
    return value::array(std::move(all));
  }

  static bool read_words(lua_State* lua, std::vector<std::string>& words) {
    for (int i = 1; i <= lua_gettop(lua); ++i) {
      if (lua_type(lua, i) == LUA_TNUMBER) {
        char text[64];
        std::snprintf(text, sizeof text, "%.17g", lua_tonumber(lua, i));
        words.emplace_back(text);
      } else if (lua_type(lua, i) == LUA_TSTRING) {
        words.push_back(text_at(lua, i));
      } else {
        return false;
      }
    }
    return true;
  }

  /// Leaves the answer on the stack; true if it is an error, or an exception that ends the script.
  static bool carry_out(lua_State* lua) {
    auto& here = host(lua);
    value answer;
    try {
      std::vector<std::string> words;
      if (lua_gettop(lua) == 0)
        answer = value::error("ERR Please specify at least one argument for this redis lib call");
      else if (!read_words(lua, words))
        answer = value::error("ERR Lua redis lib command arguments must be strings or integers");
      else
        answer = (*here.carry_out_)(words);
    } catch (...) {
      here.thrown_ = std::current_exception();
      answer = value::error("ERR the simulation ends");
    }
    push(lua, answer);
    return answer.failed();
  }

  static int call(lua_State* lua) {
    if (carry_out(lua) || host(lua).thrown_) return lua_error(lua);
    return 1;
  }

  static int pcall(lua_State* lua) {
    carry_out(lua);
    if (host(lua).thrown_) return lua_error(lua);
    return 1;
  }

  static int make_reply(lua_State* lua) {
    lua_createtable(lua, 0, 1);
    lua_pushvalue(lua, 1);
    lua_setfield(lua, -2, lua_tostring(lua, lua_upvalueindex(1)));
    return 1;
  }

  static int forbidden(lua_State* lua) {
    lua_pushfstring(lua, "Script attempted to access nonexistent global variable '%s'", luaL_checkstring(lua, 2));
    return lua_error(lua);
  }

  static void open(lua_State* lua, interpreter* here) {
    constexpr std::pair<const char*, lua_CFunction> libraries[]{{"", luaopen_base},
                                                                {LUA_TABLIBNAME, luaopen_table},
                                                                {LUA_STRLIBNAME, luaopen_string},
                                                                {LUA_MATHLIBNAME, luaopen_math}};
    for (const auto& [name, library] : libraries) {
      lua_pushcfunction(lua, library);
      lua_pushstring(lua, name);
      lua_call(lua, 1, 0);
    }
    for (const char* name : {"loadfile", "dofile", "print"}) {
      lua_pushnil(lua);
      lua_setglobal(lua, name);
    }
    lua_newtable(lua);
    for (const auto& [name, function] : {std::pair{"call", &call}, std::pair{"pcall", &pcall}}) {
      lua_pushlightuserdata(lua, here);
      lua_pushcclosure(lua, function, 1);
      lua_setfield(lua, -2, name);
    }
    for (const auto& [name, field] : {std::pair{"error_reply", "err"}, std::pair{"status_reply", "ok"}}) {
      lua_pushstring(lua, field);
      lua_pushcclosure(lua, make_reply, 1);
      lua_setfield(lua, -2, name);
    }
    lua_setglobal(lua, "redis");
    lua_newtable(lua);
    for (const char* event : {"__index", "__newindex"}) {
      lua_pushcfunction(lua, forbidden);
      lua_setfield(lua, -2, event);
    }
    lua_pushvalue(lua, LUA_GLOBALSINDEX);
    lua_pushvalue(lua, -2);
    lua_setmetatable(lua, -2);
    lua_pop(lua, 2);
  }

  static void set_global(lua_State* lua, const char* name, std::span<const std::string_view> words) {
    lua_pushstring(lua, name);
    lua_createtable(lua, static_cast<int>(words.size()), 0);
    for (std::size_t i = 0; i < words.size(); ++i) {
      lua_pushlstring(lua, words[i].data(), words[i].size());
      lua_rawseti(lua, -2, static_cast<int>(i + 1));
    }
    lua_rawset(lua, LUA_GLOBALSINDEX);
  }
};

interpreter::interpreter() : lua_{luaL_newstate()} {
  if (lua_ == nullptr) throw std::bad_alloc{};
  glue::open(lua_, this);
}

interpreter::~interpreter() { lua_close(lua_); }

void interpreter::compile(const std::string& text) {
  if (luaL_loadbuffer(lua_, text.data(), text.size(), "@user_script") != 0)
    throw std::logic_error{"no Lua: " + glue::text_at(lua_, -1)};
  compiled_.emplace(text, luaL_ref(lua_, LUA_REGISTRYINDEX));
}

value interpreter::run(const std::string& text, std::span<const std::string_view> keys,
                       std::span<const std::string_view> arguments, const commands& carry_out) {
  if (!compiled_.contains(text)) compile(text);
  carry_out_ = &carry_out;
  glue::set_global(lua_, "KEYS", keys);
  glue::set_global(lua_, "ARGV", arguments);
  lua_rawgeti(lua_, LUA_REGISTRYINDEX, compiled_.find(text)->second);
  const bool well = lua_pcall(lua_, 0, 1, 0) == 0;
  carry_out_ = nullptr;
  value made = glue::read(lua_, -1);
  if (!well && made.is == value::kind::bulk) made = value::error("ERR " + made.text);
  lua_settop(lua_, 0);
  if (thrown_) std::rethrow_exception(std::exchange(thrown_, nullptr));
  return made;
}

}  // namespace holdfast::sim
