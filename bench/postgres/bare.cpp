#include "bare.hpp"

#include <stdexcept>
#include <utility>

namespace holdfast::bench {
namespace {

void check(PGresult* got, PGconn* on) {
  const auto how = PQresultStatus(got);
  const bool good = how == PGRES_COMMAND_OK || how == PGRES_TUPLES_OK;
  PQclear(got);
  if (!good) throw std::runtime_error{PQerrorMessage(on)};
}

}  // namespace

bare::bare(const std::string& conninfo, std::string name)
    : name_{std::move(name)}, on_{PQconnectdb(conninfo.c_str()), PQfinish} {
  check(PQexec(on_.get(),
               "SET client_min_messages = error; SELECT pg_advisory_lock(1); CREATE TABLE IF NOT EXISTS bare(name text "
               "PRIMARY KEY, owner "
               "bigint, expires bigint) WITH (fillfactor = 40); SELECT pg_advisory_unlock(1)"),
        on_.get());
  check(PQexec(on_.get(), ("INSERT INTO bare VALUES ('" + name_ + "') ON CONFLICT DO NOTHING").c_str()), on_.get());
  check(PQprepare(on_.get(), "take", "UPDATE bare SET owner = 1, expires = 2 WHERE name = $1 AND owner IS NULL", 1,
                  nullptr),
        on_.get());
  check(PQprepare(on_.get(), "free", "UPDATE bare SET owner = NULL WHERE name = $1 AND owner = 1", 1, nullptr),
        on_.get());
}

void bare::two_updates() {
  execute("take");
  execute("free");
}

void bare::execute(const char* statement) {
  const char* const value = name_.c_str();
  check(PQexecPrepared(on_.get(), statement, 1, &value, nullptr, nullptr, 0), on_.get());
}

}  // namespace holdfast::bench
