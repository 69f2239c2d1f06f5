#pragma once

#include <string>
#include <vector>

#include "core/url.hpp"
#include "holdfast/clock.hpp"

namespace holdfast::etcd {

/// What a URL says: `etcd://[USER:PASSWORD@]HOST[:PORT],...` or `etcds://...?ca=FILE&cert=FILE&key=FILE&server_name=NAME`.
struct cluster {
  std::vector<std::string> endpoints;  ///< HOST:PORT
  std::string user;
  std::string password;
  bool tls = false;
  std::string ca;  ///< What is in the file, like the next two. Empty: the system's authorities.
  std::string certificate;
  std::string key;
  std::string server_name;  ///< That the certificate has to be for; empty: the host.
  std::string shown;        ///< The URL, for people.
  duration connect_timeout{};
};

/// Reads the files, too. Throws holdfast::error that says what is wrong.
cluster cluster_of(const core::url& where);

}  // namespace holdfast::etcd
