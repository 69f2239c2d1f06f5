#include "store/etcd/cluster.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "holdfast/status.hpp"
#include "store/etcd/tls_files.hpp"

namespace holdfast::etcd {
namespace {

constexpr const char* default_port = "2379";

std::string address_of(const core::url::host_port& host) {
  const bool v6 = host.host.find(':') != std::string::npos && !host.host.starts_with('[');
  return (v6 ? '[' + host.host + ']' : host.host) + ':' + (host.port.empty() ? default_port : host.port);
}

std::string contents_of(const std::string& path, const std::string& option, const core::url& where) {
  std::ifstream file{path, std::ios::binary};
  std::string why = file ? "it is empty" : std::strerror(errno);
  try {
    std::string text{std::istreambuf_iterator<char>{file}, {}};
    if (file && !text.empty()) return text;
  } catch (const std::ios_base::failure& failed) {  // A directory can be opened, too.
    why = failed.code().message();
  }
  throw error{status{errc::misconfigured,
                     where.shown + ": the file " + path + " of the option " + option + " can't be read: " + why}};
}

void check_files(const cluster& what) {
  std::string fault = what.ca.empty() ? "" : fault_of_authorities(what.ca);
  if (fault.empty() && !what.certificate.empty()) fault = fault_of_identity(what.certificate, what.key);
  if (!fault.empty()) throw error{status{errc::misconfigured, what.shown + ": " + fault}};
}

}  // namespace

cluster cluster_of(const core::url& where) {
  const auto refuse = [&](const std::string& why) {
    return error{status{errc::invalid_argument, "malformed store URL '" + where.shown + "': " + why}};
  };
  cluster made;
  made.shown = where.shown;
  made.tls = where.scheme == "etcds";
  for (const auto& host : where.hosts)
    if (!host.host.empty()) made.endpoints.push_back(address_of(host));
  if (made.endpoints.empty()) throw refuse("the host is missing; it is " + where.scheme + "://HOST:PORT,HOST:PORT");
  if (!where.path.empty() && where.path != "/") throw refuse("etcd has no databases: leave out '" + where.path + "'");
  made.user = where.user;
  made.password = where.password;
  if (made.user.empty() && !made.password.empty()) throw refuse("a password needs a user");
  for (const auto& [name, value] : where.query) {
    const bool known = name == "ca" || name == "cert" || name == "key" || name == "server_name";
    if (!known) throw refuse("unknown option '" + name + "'; there are ca, cert, key, server_name");
    if (!made.tls) throw refuse("the option '" + name + "' is for etcds:");
    if (name == "server_name")
      made.server_name = value;
    else
      (name == "ca" ? made.ca : name == "cert" ? made.certificate : made.key) = contents_of(value, name, where);
  }
  if (made.certificate.empty() != made.key.empty()) throw refuse("cert and key go together");
  check_files(made);
  return made;
}

}  // namespace holdfast::etcd
