#include "store/redis/settings.hpp"

#include <sys/un.h>

#include <charconv>
#include <string_view>

#include "holdfast/status.hpp"

namespace holdfast::redis {

namespace {

class reader {
 public:
  explicit reader(const core::url& where) : url_{where} {}

  settings run() {
    made_.shown = url_.shown;
    made_.user = url_.user;
    made_.password = url_.password;
    made_.tls = url_.scheme == "rediss";
    if (url_.scheme == "unix")
      socket();
    else
      hosts();
    for (const auto& [name, value] : url_.query) option(name, value);
    check();
    return std::move(made_);
  }

 private:
  [[noreturn]] void fail(const std::string& why) const {
    throw error{{errc::invalid_argument, "malformed store URL '" + url_.shown + "': " + why}};
  }

  void socket() {
    if (!url_.hosts.empty()) fail("a Unix socket has no host; it is unix:///path (with three slashes) or unix:/path");
    if (url_.path.empty() || url_.path == "/") fail("the socket's path is missing; it is unix:///path");
    if (url_.path.find('\0') != std::string::npos) fail("the socket's path has a NUL byte");
    if (url_.path.size() >= sizeof(sockaddr_un::sun_path))
      fail("the socket's path is longer than the " + std::to_string(sizeof(sockaddr_un::sun_path) - 1) +
           " bytes that a Unix socket's may have");
    made_.socket = url_.path;
  }

  void hosts() {
    if (!url_.has_authority) fail("// is missing; it is " + url_.scheme + "://host[:port][/db]");
    if (url_.hosts.size() > 1) fail("it names several hosts, but a lock is kept on one server");
    made_.hosts = url_.hosts;
    if (made_.hosts.empty()) made_.hosts.push_back({"localhost", {}});
    for (auto& each : made_.hosts)
      if (each.port.empty()) each.port = "6379";
    if (!url_.path.empty() && url_.path != "/") database(std::string_view{url_.path}.substr(1), "what follows its /");
  }

  void database(std::string_view text, const char* what) {
    int number = -1;
    const auto [stop, bad] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (bad != std::errc{} || stop != text.data() + text.size() || number < 0)
      fail(std::string{what} + " is not the number of a database (0 and up)");
    made_.database = number;
  }

  void option(const std::string& name, const std::string& value) {
    if (value.find('\0') != std::string::npos) fail("option '" + name + "' has a NUL byte");
    if (name == "db")
      database(value, "option 'db'");
    else if (name == "user")
      made_.user = value;
    else if (name == "password")
      made_.password = value;
    else
      tls_option(name, value);
  }

  void tls_option(const std::string& name, const std::string& value) {
    std::string* const to = name == "ca"            ? &made_.ca
                            : name == "cert"        ? &made_.certificate
                            : name == "key"         ? &made_.key
                            : name == "server_name" ? &made_.server_name
                                                    : nullptr;
    if (to == nullptr && name != "verify")
      fail("unknown option '" + printable(name) +
           "'; known are db, user, password, ca, cert, key, server_name, verify");
    if (!made_.tls) fail("option '" + name + "' is for TLS, whose scheme is rediss://");
    if (value.empty()) fail("option '" + name + "' is empty");
    if (to != nullptr)
      *to = value;
    else if (value == "full")
      made_.verify = settings::verification::full;
    else if (value == "ca")
      made_.verify = settings::verification::ca;
    else if (value == "none")
      made_.verify = settings::verification::none;
    else
      fail("option 'verify' is neither full, ca nor none");
  }

  void check() {
    if (!made_.user.empty() && made_.password.empty()) fail("a user is named, but no password given");
    if (made_.certificate.empty() && !made_.key.empty()) fail("option 'key' is given without 'cert'");
    if (made_.key.empty()) made_.key = made_.certificate;
    if (made_.verify == settings::verification::none && !made_.ca.empty())
      fail("verify=none trusts everybody, and 'ca' says whom to trust: leave one out");
  }

  static std::string printable(const std::string& text) {
    std::string result;
    for (const char c : text) result.push_back(static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c);
    return result;
  }

  const core::url& url_;
  settings made_;
};

}  // namespace

settings settings::of(const core::url& where) { return reader{where}.run(); }

}  // namespace holdfast::redis
