#include "store/postgres/options.hpp"

#include <charconv>

#include "holdfast/status.hpp"

namespace holdfast::postgres {
namespace {

constexpr std::size_t largest_pool = 1000;
/// Each lock has a connection of its own, and a server takes a hundred unless it is told otherwise.
constexpr std::size_t session_pool = 50;

error refusal(const std::string& shown, const std::string& why) {
  return error{{errc::invalid_argument, "malformed store URL '" + shown + "': " + why}};
}

std::size_t read_pool(const std::string& text, const std::string& shown) {
  std::size_t value = 0;
  const auto* const end = text.data() + text.size();
  const auto [stop, bad] = std::from_chars(text.data(), end, value);
  if (bad != std::errc{} || stop != end || value == 0 || value > largest_pool)
    throw refusal(shown, "pool= takes a number from 1 to 1000");
  return value;
}

lock_kind read_lock(const std::string& text, const std::string& shown) {
  if (text == "lease") return lock_kind::lease;
  if (text == "session") return lock_kind::session;
  throw refusal(shown, "lock= takes lease (a row in a table, the default) or session (an advisory lock)");
}

/// Several hosts are one parameter with commas in it, and so are their ports.
void add_hosts(const core::url& where, options& into) {
  std::string hosts;
  std::string ports;
  for (const auto& each : where.hosts) {
    if (&each != &where.hosts.front()) {
      hosts.push_back(',');
      ports.push_back(',');
    }
    hosts.append(each.host);
    ports.append(each.port);
  }
  if (!hosts.empty()) into.parameters.emplace_back("host", hosts);
  if (ports.find_first_not_of(',') != std::string::npos) into.parameters.emplace_back("port", ports);
}

bool has(const options& in, std::string_view name) {
  for (const auto& [key, value] : in.parameters)
    if (key == name) return true;
  return false;
}

/// Named before the database, or by an option.
bool several_hosts(const options& in) {
  for (const auto& [key, value] : in.parameters)
    if ((key == "host" || key == "hostaddr") && value.find(',') != std::string::npos) return true;
  return false;
}

}  // namespace

options::options(const core::url& where)
    : shown{where.shown}, table{where.option("table").value_or(std::string{sql::default_table}), '"', where.shown} {
  if (const auto given = where.option("lock")) lock = read_lock(*given, shown);
  if (lock == lock_kind::session) {
    pool = session_pool;
    if (where.option("table")) throw refusal(shown, "table= goes with lock=lease; advisory locks have no table");
  }
  if (const auto given = where.option("pool")) pool = read_pool(*given, shown);
  add_hosts(where, *this);
  if (!where.user.empty()) parameters.emplace_back("user", where.user);
  if (!where.password.empty()) parameters.emplace_back("password", where.password);
  if (where.path.size() > 1) parameters.emplace_back("dbname", where.path.substr(1));
  for (const auto& [name, value] : where.query) {
    if (name == "table" || name == "pool" || name == "lock") continue;
    if (name == "ssl" && value == "true")  // As libpq reads it in a URL of its own.
      parameters.emplace_back("sslmode", "require");
    else
      parameters.emplace_back(name, value);
  }
  // Locks need the primary.
  if (several_hosts(*this) && !has(*this, "target_session_attrs"))
    parameters.emplace_back("target_session_attrs", "read-write");
  parameters.emplace_back("fallback_application_name", "holdfast");
}

}  // namespace holdfast::postgres
