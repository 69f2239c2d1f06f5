#include "support/mariadb_server.hpp"

#include <pwd.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <stdexcept>

namespace holdfast::testing {
namespace {

/// Mariadbd refuses to run as root unless told so.
std::string account() {
  const auto* const entry = ::getpwuid(::geteuid());
  return entry != nullptr ? entry->pw_name : "root";
}

/// The program's exit code, with what it said in `folder`.
int run(const std::vector<std::string>& words, const std::string& folder, std::string& said) {
  process child{{.words = words}, folder};
  const int code = child.wait(std::chrono::minutes{2});
  said = child.out() + child.err();
  return code;
}

}  // namespace

mariadb_server::mariadb_server(setup with) : with_{std::move(with)}, port_{free_port()} {
  install();
  start();
  const std::string grant = "GRANT ALL ON `hf\\_%`.* TO '";
  admin(std::string{"CREATE USER '"} + user + "'@'%' IDENTIFIED BY '" + password + "'; CREATE USER open@'%'; " + grant +
        user + "'@'%'; " + grant + "open'@'%'");
}

mariadb_server::~mariadb_server() { server_.reset(); }

std::string mariadb_server::data() const {
  return with_.data_folder.empty() ? folder_.file("data") : with_.data_folder;
}

void mariadb_server::install() {
  std::string said;
  const int code = run({"mariadb-install-db", "--no-defaults", "--datadir=" + data(), "--user=" + account(),
                        "--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve",
                        // A server that starts clears its tmpdir of what others may be using.
                        "--tmpdir=" + folder_.path(), "--innodb-log-file-size=16M", "--innodb-buffer-pool-size=32M",
                        "--innodb-use-native-aio=0"},
                       folder_.path(), said);
  if (code != 0) throw std::runtime_error{"mariadb-install-db failed: " + said};
}

void mariadb_server::start() {
  launch what;
  what.words = {"mariadbd",
                "--no-defaults",
                "--user=" + account(),
                "--datadir=" + data(),
                "--socket=" + socket(),
                "--port=" + std::to_string(port_),
                "--bind-address=127.0.0.1",
                "--pid-file=" + folder_.file("pid"),
                "--log-error=" + folder_.file("log"),
                "--tmpdir=" + folder_.path(),
                "--skip-name-resolve",
                "--innodb-use-native-aio=0",  // The system has room for that of few servers.
                "--innodb-flush-log-at-trx-commit=2",
                "--innodb-buffer-pool-size=32M",
                "--innodb-log-file-size=16M",
                "--aria-pagecache-buffer-size=1M",
                "--key-buffer-size=64K",
                "--max-connections=400",
                "--default-time-zone=+05:45"};  // Nothing may depend on it.
  what.words.insert(what.words.begin(), with_.launcher.begin(), with_.launcher.end());
  what.words.insert(what.words.end(), with_.options.begin(), with_.options.end());
  what.environment = with_.environment;
  server_.emplace(what, folder_.path());
  if (eventually([&] { return answers() || !server_->running(); }, std::chrono::minutes{2}) && answers()) return;
  throw std::runtime_error{"mariadbd did not start: " + log() + server_->err()};
}

bool mariadb_server::answers() const {
  std::string said;
  return run({"mariadb", "--no-defaults", "--socket=" + socket(), "--user=root", "-e", "SELECT 1"}, folder_.path(),
             said) == 0;
}

std::string mariadb_server::admin(const std::string& statements, const std::string& database) const {
  std::vector<std::string> words{"mariadb",     "--no-defaults", "--socket=" + socket(),
                                 "--user=root", "--batch",       "--skip-column-names",
                                 "-e",          statements};
  if (!database.empty()) words.push_back(database);
  std::string said;
  const int code = run(words, folder_.path(), said);
  if (code != 0) throw std::runtime_error{"'" + statements + "' failed: " + said};
  while (said.ends_with('\n')) said.pop_back();
  return said;
}

std::string mariadb_server::url(const std::string& database, const std::string& options) {
  return url_as(std::string{user} + ":" + password, database, options);
}

std::string mariadb_server::open_url(const std::string& database) { return url_as("open", database, {}); }

std::string mariadb_server::url_as(const std::string& who, const std::string& database, const std::string& options) {
  admin("CREATE DATABASE IF NOT EXISTS `" + database + "`");
  return "mysql://" + who + "@127.0.0.1:" + std::to_string(port_) + "/" + database +
         (options.empty() ? "" : "?" + options);
}

void mariadb_server::stop() {
  signal(SIGTERM);
  server_->wait(std::chrono::minutes{1});
}

void mariadb_server::kill() {
  signal(SIGKILL);
  server_->wait();
}

void mariadb_server::signal(int number) const { server_->signal(number); }

mariadb_server& shared_mariadb() {
  static mariadb_server server;
  return server;
}

std::string fresh_database() {
  static std::atomic<int> count{0};
  return "hf_" + std::to_string(::getpid()) + "_" + std::to_string(++count);
}

}  // namespace holdfast::testing
