#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/port.hpp"
#include "support/process.hpp"

/// Real PostgreSQL servers for tests, on a free port of the loopback, in a folder of their own. As root they run as the
/// user postgres.
namespace holdfast::testing {

class postgres_server {
 public:
  struct options {
    std::vector<std::string> settings;  ///< As `name=value`.
    std::vector<std::pair<std::string, std::string>> environment;
    std::string data_folder;  ///< Empty: a folder of its own. Must exist.
    bool on_disk = false;     ///< Else in memory.
  };

  postgres_server() : postgres_server(options{}) {}
  /// Made and started; throws std::runtime_error with the server's log if it does not start.
  explicit postgres_server(options with);
  /// A streaming replica of `primary`.
  static std::unique_ptr<postgres_server> replica_of(const postgres_server& primary);
  postgres_server(const postgres_server&) = delete;
  postgres_server& operator=(const postgres_server&) = delete;
  ~postgres_server();

  [[nodiscard]] int port() const noexcept { return port_; }
  [[nodiscard]] std::string url(const std::string& database = "postgres", const std::string& query = {}) const;
  /// For libpq.
  [[nodiscard]] std::string conninfo(const std::string& database = "postgres") const;

  /// Fast: open transactions are rolled back.
  void stop();
  void kill();  ///< As a crash.
  void start();
  void promote();  ///< A replica.
  [[nodiscard]] std::string log() const;

  /// Runs SQL as the superuser and gives the first field; throws std::runtime_error with the server's message.
  std::string query(const std::string& sql, const std::string& database = "postgres") const;
  /// A new, empty database; its name.
  std::string fresh_database();
  /// The environment that the server begins with from its next start on.
  void set_environment(std::vector<std::pair<std::string, std::string>> environment) {
    with_.environment = std::move(environment);
  }

 private:
  struct copy_of {
    const postgres_server& primary;
  };
  explicit postgres_server(copy_of what);
  void prepare();
  void await_ready();

  options with_;
  temporary_folder folder_{with_.on_disk ? temporary_folder::place::disk : temporary_folder::place::memory};
  std::string data_;
  int port_;
  int databases_ = 0;
  std::unique_ptr<process> process_;
};

/// PgBouncer in transaction mode before a server.
class pgbouncer {
 public:
  explicit pgbouncer(const postgres_server& server);
  [[nodiscard]] std::string url(const std::string& database, const std::string& query = {}) const;
  [[nodiscard]] int port() const noexcept { return port_; }

 private:
  temporary_folder folder_;
  int port_;
  std::unique_ptr<process> process_;
};

}  // namespace holdfast::testing
