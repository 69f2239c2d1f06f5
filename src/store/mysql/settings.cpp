#include "store/mysql/settings.hpp"

#include <algorithm>
#include <charconv>

#include "holdfast/status.hpp"

namespace holdfast::mysql {
namespace {

constexpr unsigned default_port = 3306;
constexpr unsigned long most_connections = 1000;

class reader {
 public:
  explicit reader(const core::url& where) : where_{where} { made_.shown = where.shown; }

  settings read() {
    hosts();
    made_.user = where_.user;
    made_.password = where_.password;
    database();
    for (const auto& [name, value] : where_.query) option(name, value);
    sql::table_names{made_.table, '`', made_.shown};  // Throws.
    if (made_.certificate.empty() != made_.key.empty()) refuse("cert= and key= belong together");
    made_.tls = made_.tls || !made_.ca.empty() || !made_.certificate.empty();
    if (made_.hosts.empty() && made_.socket.empty()) refuse("the host is missing");
    return made_;
  }

 private:
  [[noreturn]] void refuse(const std::string& why) const {
    throw error{{errc::invalid_argument, "malformed store URL '" + where_.shown + "': " + why}};
  }

  void hosts() {
    for (const auto& each : where_.hosts)
      made_.hosts.emplace_back(each.host, each.port.empty() ? default_port : std::stoul(each.port));
  }

  void database() {
    made_.database = where_.path.substr(std::min<std::size_t>(where_.path.size(), 1));
    if (made_.database.empty()) refuse("the database is missing; it is mysql://USER:PASSWORD@HOST/DATABASE");
    if (made_.database.find_first_of(std::string_view{"/\0", 2}) != std::string::npos)
      refuse("'" + made_.database + "' is no name of a database");
  }

  void option(const std::string& name, const std::string& value) {
    if (name == "table") {
      made_.table = value;
    } else if (name == "ca") {
      made_.ca = value;
    } else if (name == "cert") {
      made_.certificate = value;
    } else if (name == "key") {
      made_.key = value;
    } else if (name == "socket") {
      made_.socket = value;
    } else if (name == "pool") {
      pool(value);
    } else if (name == "verify") {
      if (value != "yes" && value != "no") refuse("verify= is yes or no");
      made_.tls = true;
      made_.verify = value == "yes";
    } else {
      refuse("there is no option '" + name + "'; known are table, ca, cert, key, verify, socket, pool");
    }
  }

  void pool(const std::string& value) {
    const auto* const last = value.data() + value.size();
    const auto [stop, bad] = std::from_chars(value.data(), last, made_.pool);
    if (bad != std::errc{} || stop != last || made_.pool == 0 || made_.pool > most_connections)
      refuse("pool= takes a number from 1 to 1000");
  }

  const core::url& where_;
  settings made_;
};

}  // namespace

settings settings_of(const core::url& where) { return reader{where}.read(); }

}  // namespace holdfast::mysql
