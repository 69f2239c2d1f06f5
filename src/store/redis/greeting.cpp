#include "store/redis/greeting.hpp"

#include "core/owner_id.hpp"
#include "store/redis/errors.hpp"

namespace holdfast::redis {

namespace {

using words = std::vector<std::string_view>;

/// Whether an error reply to a command that we could do without means that we can't go on at all.
bool is_fatal(const std::string& text) {
  return text.starts_with("NOAUTH") || text.starts_with("DENIED") || text.starts_with("ERR max number of clients");
}

}  // namespace

identity greet(transport& with, parser& reader, const settings& where, const std::vector<words>& more,
               std::vector<reply>& answers, time_point by) {
  identity mine;
  mine.name = "holdfast-" + core::owner_id::random().hex();
  const std::string database = std::to_string(where.database);
  std::vector<words> commands;
  if (!where.user.empty())
    commands.push_back({"AUTH", where.user, where.password});
  else if (!where.password.empty())
    commands.push_back({"AUTH", where.password});
  if (where.database != 0) commands.push_back({"SELECT", database});
  const auto needed = commands.size();
  commands.push_back({"CLIENT", "SETNAME", mine.name});
  commands.push_back({"CLIENT", "ID"});
  commands.insert(commands.end(), more.begin(), more.end());

  auto replies = exchange(with, reader, commands, by, where.shown);
  for (std::size_t i = 0; i < needed + 2; ++i)
    if (const auto& each = replies[i]; each.is == reply::kind::error && (i < needed || is_fatal(each.text)))
      throw failure{explain_reply(each.text, where.shown)};
  if (replies[needed].is == reply::kind::text && replies[needed + 1].is == reply::kind::integer)
    mine.id = replies[needed + 1].number;
  answers.assign(std::make_move_iterator(replies.begin() + static_cast<std::ptrdiff_t>(needed + 2)),
                 std::make_move_iterator(replies.end()));
  return mine;
}

bool drop(transport& with, parser& reader, const settings& where, const identity& other, time_point by) {
  if (other.id == 0) return false;
  const std::string id = std::to_string(other.id);
  const auto ask = [&](words what) { return exchange(with, reader, std::array{std::move(what)}, by, where.shown)[0]; };
  // Numbers begin again when a server starts again: the name tells whether it still is that connection.
  const auto listed = ask({"CLIENT", "LIST", "ID", id});
  if (listed.is != reply::kind::text) return false;
  if (listed.text.find("name=" + other.name + " ") == std::string::npos) return true;
  return ask({"CLIENT", "KILL", "ID", id}).is == reply::kind::integer;
}

}  // namespace holdfast::redis
