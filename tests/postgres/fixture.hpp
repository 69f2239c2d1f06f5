#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libpq-fe.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/store.hpp"
#include "core/system_clock.hpp"
#include "store/postgres/store.hpp"
#include "support/postgres_server.hpp"

namespace holdfast::postgres::test {

using namespace std::chrono_literals;
using holdfast::testing::eventually;
using holdfast::testing::pgbouncer;
using holdfast::testing::postgres_server;
using outcome = core::turn_answer::outcome;
using released = core::release_answer::outcome;

inline time_point soon() { return boot_clock::now() + 30s; }

inline core::request ask(std::string name, duration ttl = 60s) {
  core::request what;
  what.resource = std::move(name);
  what.owner = core::owner_id::random();
  what.ttl = ttl;
  what.party = "pid=1\n";
  return what;
}

inline std::unique_ptr<core::store> open(
    const std::string& url, duration command_timeout = 20s,
    std::function<void(const status&)> warn = [](const status&) {}) {
  core::store_options options;
  options.command_timeout = command_timeout;
  options.connect_timeout = 20s;
  options.time = core::system_clock();
  options.warn = std::move(warn);
  std::unique_ptr<core::store> made;
  if (const status how = holdfast_store_postgres()->open(core::url::parse(url), options, made); !how.ok())
    throw error{how};
  return made;
}

inline std::uint64_t grant(core::store& at, const core::request& what) {
  const auto answer = at.acquire(what, true, soon());
  EXPECT_EQ(answer.is, outcome::granted) << answer.why.message();
  return answer.token;
}

inline outcome attempt(core::store& at, const std::string& name) {
  const auto answer = at.acquire(ask(name, 1s), false, soon());
  EXPECT_NE(answer.is, outcome::failed) << answer.why.message();
  return answer.is;
}

inline core::lease_ref lease(const core::request& of, std::uint64_t token) {
  return {of.resource, of.owner, of.ttl, token};
}

inline core::renew_verdict renew(core::store& at, const core::request& what) {
  const auto which = lease(what, 0);
  auto verdict = core::renew_verdict::unknown;
  const auto answer = at.renew({&which, 1}, {&verdict, 1}, soon());
  EXPECT_TRUE(answer.why.ok()) << answer.why.message();
  return verdict;
}

inline core::wait_verdict beat(core::store& at, const core::request& what) {
  const core::waiter_ref who{what.resource, what.owner};
  auto verdict = core::wait_verdict::unknown;
  const auto how = at.heartbeat({&who, 1}, {&verdict, 1}, soon());
  EXPECT_TRUE(how.ok()) << how.message();
  return verdict;
}

/// A session of somebody else's.
class session {
 public:
  session(const postgres_server& server, const std::string& database)
      : on_{PQconnectdb(server.conninfo(database).c_str()), PQfinish} {}
  void run(const std::string& sql) {
    const std::unique_ptr<PGresult, void (*)(PGresult*)> got{PQexec(on_.get(), sql.c_str()), PQclear};
    const auto how = PQresultStatus(got.get());
    EXPECT_TRUE(how == PGRES_COMMAND_OK || how == PGRES_TUPLES_OK) << sql << ": " << PQerrorMessage(on_.get());
  }

 private:
  std::unique_ptr<PGconn, void (*)(PGconn*)> on_;
};

/// A database of its own on a server of the program's.
class postgres_test : public ::testing::Test {
 protected:
  static postgres_server& server() {
    static postgres_server one;
    return one;
  }
  ~postgres_test() override { server().query("DROP DATABASE " + database_ + " WITH (FORCE)"); }

  [[nodiscard]] std::string url(const std::string& query = {}) const { return server().url(database_, query); }
  std::string query(const std::string& sql) const { return server().query(sql, database_); }
  /// Statements of others that wait for a lock.
  [[nodiscard]] bool await_blocked(int count) const {
    return eventually([&] {
      return std::stoi(
                 server().query("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = '" +
                                database_ + "'")) >= count;
    });
  }

  const std::string database_ = server().fresh_database();
};

/// A server whose wall clock the test sets.
class stepped_server {
 public:
  stepped_server() : server_{with(folder_)} {}
  /// So many seconds off the real time from now on.
  void step_to(long seconds) {
    std::string text = std::to_string(seconds);
    if (seconds >= 0) text.insert(0, "+");
    holdfast::testing::write_file(folder_.file("offset"), text + "\n");
  }
  postgres_server& operator*() { return server_; }
  postgres_server* operator->() { return &server_; }

 private:
  static postgres_server::options with(const holdfast::testing::temporary_folder& folder);
  holdfast::testing::temporary_folder folder_;
  postgres_server server_;
};

}  // namespace holdfast::postgres::test
