#include "support/postgres_server.hpp"

#include <libpq-fe.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <stdexcept>

namespace holdfast::testing {
namespace {

const std::string programs = "/usr/lib/postgresql/15/bin/";

/// The words that run `command` as a user that PostgreSQL takes.
std::vector<std::string> as_postgres(std::vector<std::string> command) {
  if (::geteuid() != 0) return command;
  std::vector<std::string> words{"setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"};
  words.insert(words.end(), command.begin(), command.end());
  return words;
}

void give_to_postgres(const std::string& path) {
  if (::geteuid() != 0) return;
  const struct passwd* const who = ::getpwnam("postgres");
  if (who == nullptr || ::chown(path.c_str(), who->pw_uid, who->pw_gid) != 0)
    throw std::runtime_error{"can't give " + path + " to the user postgres"};
}

void run(const std::vector<std::string>& command, const temporary_folder& folder) {
  launch what;
  what.words = as_postgres(command);
  what.environment = {{"LC_ALL", "C"}};
  process program{what, folder.path()};
  if (program.wait(std::chrono::seconds{120}) != 0)
    throw std::runtime_error{command[0] + " failed: " + program.err() + program.out()};
}

}  // namespace

postgres_server::postgres_server(options with) : with_{std::move(with)}, port_{free_port()} {
  prepare();
  run({programs + "initdb", "--no-sync", "--auth=trust", "--username=postgres", "--locale=C", "--encoding=UTF8",
       "--pgdata=" + data_},
      folder_);
  start();
}

postgres_server::postgres_server(copy_of what) : port_{free_port()} {
  prepare();
  run({programs + "pg_basebackup", "--no-sync", "--checkpoint=fast", "--write-recovery-conf", "--wal-method=stream",
       "--pgdata=" + data_, "--dbname=" + what.primary.conninfo("")},
      folder_);
  start();
}

std::unique_ptr<postgres_server> postgres_server::replica_of(const postgres_server& primary) {
  return std::unique_ptr<postgres_server>{new postgres_server{copy_of{primary}}};
}

postgres_server::~postgres_server() {
  if (process_ && process_->running()) {
    process_->signal(SIGQUIT);
    process_->wait();
  }
}

void postgres_server::prepare() {
  ::chmod(folder_.path().c_str(), 0755);
  data_ = with_.data_folder.empty() ? folder_.file("data") : with_.data_folder + "/data";
  if (::mkdir(data_.c_str(), 0700) != 0) throw std::runtime_error{"can't make " + data_};
  give_to_postgres(data_);
}

void postgres_server::start() {
  launch what;
  // Not in setpriv's own environment: it may name a library to be loaded as the other user.
  std::vector<std::string> words{"env", "LC_ALL=C"};
  for (const auto& [name, value] : with_.environment) words.push_back(name + "=" + value);
  for (const std::string& each :
       {programs + "postgres", std::string{"-D"}, data_, std::string{"-p"}, std::to_string(port_)})
    words.push_back(each);
  std::vector<std::string> settings{
      "listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off",
      "full_page_writes=off",       "shared_buffers=32MB",      "max_connections=400",
      "max_wal_senders=4",          "hot_standby=on",           "log_min_messages=warning"};
  settings.insert(settings.end(), with_.settings.begin(), with_.settings.end());
  for (const auto& each : settings) {
    words.emplace_back("-c");
    words.push_back(each);
  }
  what.words = as_postgres(words);
  process_ = std::make_unique<process>(what, folder_.path());
  await_ready();
}

void postgres_server::await_ready() {
  const bool ready = eventually(
      [this] {
        if (!process_->running()) return true;
        return PQping(conninfo().c_str()) == PQPING_OK;
      },
      std::chrono::seconds{60});
  if (!ready || !process_->running()) throw std::runtime_error{"the PostgreSQL server did not start: " + log()};
}

void postgres_server::stop() {
  process_->signal(SIGINT);
  if (process_->wait(std::chrono::seconds{60}) != 0) throw std::runtime_error{"the server did not stop: " + log()};
}

void postgres_server::kill() {
  process_->signal(SIGQUIT);
  process_->wait();
}

void postgres_server::promote() { query("SELECT pg_promote(true, 60)"); }

std::string postgres_server::log() const { return process_ ? process_->err() : std::string{}; }

std::string postgres_server::conninfo(const std::string& database) const {
  std::string made = "host=127.0.0.1 port=" + std::to_string(port_) + " user=postgres connect_timeout=10";
  return database.empty() ? made : made + " dbname=" + database;
}

std::string postgres_server::url(const std::string& database, const std::string& query) const {
  return "postgres://postgres@127.0.0.1:" + std::to_string(port_) + "/" + database + (query.empty() ? "" : "?" + query);
}

std::string postgres_server::query(const std::string& sql, const std::string& database) const {
  const std::unique_ptr<PGconn, void (*)(PGconn*)> on{PQconnectdb(conninfo(database).c_str()), PQfinish};
  const std::unique_ptr<PGresult, void (*)(PGresult*)> got{PQexec(on.get(), sql.c_str()), PQclear};
  const auto how = PQresultStatus(got.get());
  if (how != PGRES_TUPLES_OK && how != PGRES_COMMAND_OK)
    throw std::runtime_error{sql + ": " + PQerrorMessage(on.get())};
  return PQntuples(got.get()) > 0 && PQnfields(got.get()) > 0 ? PQgetvalue(got.get(), 0, 0) : "";
}

std::string postgres_server::fresh_database() {
  std::string name = "db" + std::to_string(++databases_);
  query("CREATE DATABASE " + name + " STRATEGY wal_log");
  return name;
}

pgbouncer::pgbouncer(const postgres_server& server) : port_{free_port()} {
  ::chmod(folder_.path().c_str(), 0755);
  const auto config = folder_.file("pgbouncer.ini");
  write_file(folder_.file("users"), "\"postgres\" \"\"\n");
  write_file(config, "[databases]\n* = host=127.0.0.1 port=" + std::to_string(server.port()) +
                         " user=postgres\n[pgbouncer]\nlisten_addr=127.0.0.1\nlisten_port=" + std::to_string(port_) +
                         "\nauth_type=any\nauth_file=" + folder_.file("users") +
                         "\npool_mode=transaction\ndefault_pool_size=10\nmax_client_conn=200\nunix_socket_dir=\n"
                         "server_idle_timeout=5\n");
  launch what;
  what.words = as_postgres({"pgbouncer", config});
  process_ = std::make_unique<process>(what, folder_.path());
  const std::string conninfo = "host=127.0.0.1 user=postgres dbname=postgres port=" + std::to_string(port_);
  if (!eventually([&] { return PQping(conninfo.c_str()) == PQPING_OK; }))
    throw std::runtime_error{"pgbouncer did not start: " + process_->err() + process_->out()};
}

std::string pgbouncer::url(const std::string& database, const std::string& query) const {
  return "postgres://postgres@127.0.0.1:" + std::to_string(port_) + "/" + database + (query.empty() ? "" : "?" + query);
}

}  // namespace holdfast::testing
