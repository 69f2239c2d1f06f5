#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "support/port.hpp"
#include "support/process.hpp"

namespace holdfast::testing {

/// A redis-server of the test's own: a free port of 127.0.0.1 and a socket in a temporary folder. Killed with the object.
class redis_server {
 public:
  struct options {
    std::vector<std::string> words;  ///< More of the command line, such as {"--maxmemory", "1mb"}.
    bool tls = false;                ///< Listens on a TLS port too, with certificates made for the test.
    bool persistent = true;          ///< Else nothing is kept over a restart, and clients warn of it.
  };

  redis_server() : redis_server{options{}} {}
  /// Returns when the server answers. Throws std::runtime_error.
  explicit redis_server(options how);
  ~redis_server();
  redis_server(const redis_server&) = delete;
  redis_server& operator=(const redis_server&) = delete;

  [[nodiscard]] int port() const noexcept { return port_; }
  [[nodiscard]] int tls_port() const noexcept { return tls_port_; }
  [[nodiscard]] std::string socket() const { return folder_.file("redis.sock"); }
  [[nodiscard]] std::string url() const { return "redis://127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] std::string unix_url() const { return "unix://" + socket(); }
  /// Of the TLS port, with `?ca=` of the authority that signed its certificate (for localhost and 127.0.0.1).
  [[nodiscard]] std::string tls_url() const;
  /// A file in the server's folder. With tls: ca.pem, server.pem, server.key, client.pem, client.key, other-ca.pem,
  /// expired.pem, expired.key.
  [[nodiscard]] std::string file(const std::string& name) const { return folder_.file(name); }
  [[nodiscard]] pid_t pid() const;

  /// What redis-cli prints for that command (as into a pipe), without its last line end. Over the Unix socket, unless
  /// the words begin with -h.
  std::string cli(const std::vector<std::string>& words) const;
  /// The number behind `field:` in INFO.
  [[nodiscard]] long long info(const std::string& field) const;

  void signal(int number) const;
  /// Kills the server; `start` begins a new one on the same port, with what was kept on disk.
  void kill();
  /// Without what was kept, if `empty`.
  void start(bool empty = false);

 private:
  void make_certificates() const;
  [[nodiscard]] bool answers() const;

  temporary_folder folder_;
  options how_;
  int port_ = 0;
  int tls_port_ = 0;
  std::unique_ptr<process> server_;
};

}  // namespace holdfast::testing
