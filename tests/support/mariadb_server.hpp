#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/port.hpp"
#include "support/process.hpp"

namespace holdfast::testing {

/// A MariaDB server of the test's own: a free port, a socket, and data in a temporary folder.
class mariadb_server {
 public:
  struct setup {
    std::vector<std::string> options;                              ///< Further ones for mariadbd.
    std::vector<std::pair<std::string, std::string>> environment;  ///< For libfaketime.
    std::vector<std::string> launcher;                             ///< Words before mariadbd, say taskset -c 1.
    std::string data_folder;                                       ///< Where the data go, if not beside the rest.
    bool on_disk = false;                                          ///< Else in memory.
  };

  mariadb_server() : mariadb_server(setup{}) {}
  /// Returns once it answers. Throws std::runtime_error with its log if it does not.
  explicit mariadb_server(setup with);
  mariadb_server(const mariadb_server&) = delete;
  mariadb_server& operator=(const mariadb_server&) = delete;
  ~mariadb_server();

  static constexpr const char* user = "hf";
  static constexpr const char* password = "s3cret";
  [[nodiscard]] int port() const noexcept { return port_; }
  [[nodiscard]] std::string socket() const { return folder_.file("sock"); }
  [[nodiscard]] std::string folder() const { return folder_.path(); }
  /// Of the user that may do everything in this database, which is made if need be.
  std::string url(const std::string& database, const std::string& options = {});
  /// The same for a user without a password.
  std::string open_url(const std::string& database);
  [[nodiscard]] std::string log() const { return read_file(folder_.file("log")); }

  /// The outcome of `statements` as the administrator: values separated by tabs, rows by newlines. Throws on an error.
  std::string admin(const std::string& statements, const std::string& database = {}) const;

  void stop();   ///< Shuts it down in order.
  void kill();   ///< As if by kill -9.
  void start();  ///< Anew, on the same data and port.
  void signal(int number) const;
  void set_options(std::vector<std::string> options) {
    with_.options = std::move(options);
  }  ///< From the next start on.

 private:
  std::string url_as(const std::string& who, const std::string& database, const std::string& options);
  void install();
  [[nodiscard]] std::string data() const;
  [[nodiscard]] bool answers() const;

  setup with_;
  temporary_folder folder_{with_.on_disk ? temporary_folder::place::disk : temporary_folder::place::memory};
  int port_ = 0;
  std::optional<process> server_;
};

/// The one that a program's tests share; started when first asked for.
mariadb_server& shared_mariadb();
/// A name that no other database of this program has.
std::string fresh_database();

}  // namespace holdfast::testing
