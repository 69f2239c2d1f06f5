#pragma once

#include <string>
#include <vector>

#include "core/url.hpp"

namespace holdfast::redis {

/// Where the server is and how to log in, as the URL says it:
///
///   redis://[[user]:password@]host[:port][/db]     TCP; port 6379 and database 0 unless given
///   rediss://...                                   the same under TLS
///   unix:///path/of/socket[?db=N]                  also unix:/path; user and password as above or as options
///
/// Options after the `?`:
///
///   db           the database's number, 0 and up
///   user, password   for AUTH, where the URL has no place for them
///   ca           file (or folder) of the authorities that are trusted; else the system's
///   cert, key    the client's certificate and its key, PEM files; key defaults to the cert's file
///   server_name  the name that the server's certificate must be for, and that is asked for (SNI); else the host
///   verify       `full` (the default), `ca` (any name will do) or `none` (whoever answers is believed)
struct settings {
  enum class verification { full, ca, none };

  std::string shown;                        ///< For messages: without the password.
  std::vector<core::url::host_port> hosts;  ///< Tried in turn; ports always given. Empty: `socket`.
  std::string socket;                       ///< Path of a Unix socket.
  std::string user;
  std::string password;  ///< Empty: no AUTH.
  int database = 0;

  bool tls = false;
  std::string ca;
  std::string certificate;
  std::string key;
  std::string server_name;  ///< Empty: the host.
  verification verify = verification::full;

  /// Throws holdfast::error (invalid_argument) that says what is wrong.
  static settings of(const core::url& where);
};

}  // namespace holdfast::redis
