#include "bare_hand_off.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

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

std::unique_ptr<PGconn, void (*)(PGconn*)> session_at(const std::string& conninfo) {
  return {PQconnectdb(conninfo.c_str()), PQfinish};
}

}  // namespace

bare_hand_off::bare_hand_off(const std::string& conninfo, std::string name)
    : name_{std::move(name)},
      from_{session_at(conninfo)},
      to_{session_at(conninfo)},
      ear_{session_at(conninfo)},
      stop_{::eventfd(0, EFD_CLOEXEC)} {
  check(PQexec(from_.get(),
               "SET client_min_messages = error; CREATE TABLE IF NOT EXISTS bare(name text PRIMARY KEY, "
               "owner bigint, expires bigint) WITH (fillfactor = 40)"),
        from_.get());
  check(PQexec(from_.get(), ("INSERT INTO bare VALUES ('" + name_ + "', 1) ON CONFLICT DO NOTHING").c_str()),
        from_.get());
  check(PQprepare(
            from_.get(), "pass",
            "UPDATE bare SET owner = NULL WHERE name = $1 AND owner = 1 RETURNING pg_notify('bare_hand_off', 'you')", 1,
            nullptr),
        from_.get());
  check(PQprepare(to_.get(), "take", "UPDATE bare SET owner = 1, expires = 2 WHERE name = $1 AND owner IS NULL", 1,
                  nullptr),
        to_.get());
  check(PQexec(ear_.get(), "LISTEN bare_hand_off"), ear_.get());
  listener_ = std::thread{[this] { listen(); }};
}

bare_hand_off::~bare_hand_off() {
  const std::uint64_t one = 1;
  (void)!::write(stop_, &one, sizeof one);
  listener_.join();
  ::close(stop_);
}

void bare_hand_off::listen() {
  while (true) {
    struct pollfd both[] = {{PQsocket(ear_.get()), POLLIN, 0}, {stop_, POLLIN, 0}};
    ::poll(both, 2, -1);
    if (both[1].revents != 0 || PQconsumeInput(ear_.get()) == 0) return;
    while (PGnotify* const each = PQnotifies(ear_.get())) {
      PQfreemem(each);
      const std::lock_guard lock{mutex_};
      told_ = true;
      changed_.notify_one();
    }
  }
}

void bare_hand_off::once() {
  const char* const value = name_.c_str();
  check(PQexecPrepared(from_.get(), "pass", 1, &value, nullptr, nullptr, 1), from_.get());
  {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [this] { return std::exchange(told_, false); });
  }
  check(PQexecPrepared(to_.get(), "take", 1, &value, nullptr, nullptr, 1), to_.get());
}

}  // namespace holdfast::bench
