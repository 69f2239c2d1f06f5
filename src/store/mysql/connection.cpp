#include "store/mysql/connection.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <mutex>

#include "store/mysql/deadline_watch.hpp"
#include "store/mysql/errors.hpp"
#include "store/mysql/pace.hpp"

namespace holdfast::mysql {
namespace {

std::string last_error(MYSQL* of) { return mysql_error(of); }

/// Waits for what libmariadb asks for; returns what came, for its `_cont` functions.
int await(MYSQL* handle, int wanted, time_point by) {
  pollfd what{.fd = mysql_get_socket(handle), .events = 0, .revents = 0};
  if ((wanted & MYSQL_WAIT_READ) != 0) what.events |= POLLIN;
  if ((wanted & MYSQL_WAIT_WRITE) != 0) what.events |= POLLOUT;
  if ((wanted & MYSQL_WAIT_EXCEPT) != 0) what.events |= POLLPRI;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(by - boot_clock::now()).count();
  const int timeout = static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
  const int found = ::poll(&what, 1, timeout);
  if (found < 0 && errno == EINTR) return await(handle, wanted, by);
  if (found <= 0) return MYSQL_WAIT_TIMEOUT;
  int got = 0;
  if ((what.revents & POLLIN) != 0) got |= MYSQL_WAIT_READ;
  if ((what.revents & POLLOUT) != 0) got |= MYSQL_WAIT_WRITE;
  if ((what.revents & POLLPRI) != 0) got |= MYSQL_WAIT_EXCEPT;
  // An error or a hang-up is found by whoever reads or writes.
  return got != 0 ? got : wanted & (MYSQL_WAIT_READ | MYSQL_WAIT_WRITE);
}

/// libmariadb's sockets would be inherited by the programs that this one runs.
void keep_from_children(int socket) {
  if (socket >= 0) ::fcntl(socket, F_SETFD, FD_CLOEXEC);
}

/// What the server calls the client's end of this socket, as a pattern.
std::string client_end(int socket) {
  sockaddr_storage name{};
  socklen_t size = sizeof name;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&name), &size) != 0) return "%";
  const auto* const bytes = reinterpret_cast<const char*>(&name);
  const auto port_at = [&](std::size_t offset) {
    return "%:" + std::to_string(static_cast<unsigned char>(bytes[offset]) << 8 |
                                 static_cast<unsigned char>(bytes[offset + 1]));
  };
  if (name.ss_family == AF_INET) return port_at(offsetof(sockaddr_in, sin_port));
  if (name.ss_family == AF_INET6) return port_at(offsetof(sockaddr_in6, sin6_port));
  return "%";
}

void set_tls(MYSQL* handle, const settings& to) {
  const my_bool yes = 1;
  const my_bool verify = to.verify ? 1 : 0;
  mysql_optionsv(handle, MYSQL_OPT_SSL_ENFORCE, &yes);
  mysql_optionsv(handle, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
  if (!to.ca.empty()) mysql_optionsv(handle, MYSQL_OPT_SSL_CA, to.ca.c_str());
  if (!to.certificate.empty()) {
    mysql_optionsv(handle, MYSQL_OPT_SSL_CERT, to.certificate.c_str());
    mysql_optionsv(handle, MYSQL_OPT_SSL_KEY, to.key.c_str());
  }
}

void set_options(MYSQL* handle, const settings& to, time_point by) {
  // libmariadb waits by itself in a few places of the handshake, in whole seconds.
  const auto left = std::chrono::ceil<std::chrono::seconds>(by - boot_clock::now()).count();
  const unsigned seconds = static_cast<unsigned>(std::clamp<std::int64_t>(left, 1, 3600));
  const unsigned protocol = to.socket.empty() ? MYSQL_PROTOCOL_TCP : MYSQL_PROTOCOL_SOCKET;
  mysql_optionsv(handle, MYSQL_OPT_CONNECT_TIMEOUT, &seconds);
  mysql_optionsv(handle, MYSQL_OPT_NONBLOCK, nullptr);
  mysql_optionsv(handle, MYSQL_OPT_PROTOCOL, &protocol);
  mysql_optionsv(handle, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  if (to.tls) set_tls(handle, to);
}

}  // namespace

connection::connection(const settings& to, time_point by) : to_{to} {
  static std::once_flag once;
  std::call_once(once, [] { mysql_library_init(0, nullptr, nullptr); });
  if (!to.socket.empty()) {
    connect({}, 0, by);
  } else {
    for (std::size_t i = 0; !open_; ++i) {
      const auto now = boot_clock::now();
      const auto share = (by - now) / static_cast<duration::rep>(to.hosts.size() - i);
      try {
        connect(to.hosts[i].first, to.hosts[i].second, now + share);
      } catch (const failure&) {
        if (i + 1 == to.hosts.size() || boot_clock::now() >= by) throw;
      }
    }
  }
  try {
    prepare_session(by);
  } catch (...) {
    mysql_close(&handle_);
    throw;
  }
}

connection::~connection() {
  // First the connection: the server drops the statements with it, and need not be told of each.
  if (open_) mysql_close(&handle_);
}

void connection::connect(const std::string& host, unsigned port, time_point by) {
  mysql_init(&handle_);
  set_options(&handle_, to_, by);
  MYSQL* done = nullptr;
  int wanted = mysql_real_connect_start(&done, &handle_, host.empty() ? nullptr : host.c_str(), to_.user.c_str(),
                                        to_.password.c_str(), to_.database.c_str(), port,
                                        to_.socket.empty() ? nullptr : to_.socket.c_str(), CLIENT_FOUND_ROWS);
  while (wanted != 0) {
    keep_from_children(mysql_get_socket(&handle_));
    wanted = mysql_real_connect_cont(&done, &handle_, await(&handle_, wanted, by));
  }
  // Asked for TLS, libmariadb goes on without it where the server has none and no certificate is to be verified.
  if (done != nullptr && to_.tls && mysql_get_ssl_cipher(&handle_) == nullptr) {
    mysql_close(&handle_);
    throw failure{
        {errc::misconfigured, to_.shown + ": the server offers no TLS; enable it there, or leave ca=, cert= and "
                                          "verify= out of the URL"},
        false,
        true};
  }
  if (done != nullptr) {
    open_ = true;
    keep_from_children(mysql_get_socket(&handle_));
    who_ = {mysql_thread_id(&handle_), client_end(mysql_get_socket(&handle_)), host + ":" + std::to_string(port)};
    return;
  }
  const bool late = boot_clock::now() >= by;
  auto why = explain_connect(mysql_errno(&handle_), last_error(&handle_), to_.shown);
  mysql_close(&handle_);
  if (late) throw too_late(to_.shown, "the server did not accept a connection", false);
  throw why;
}

/// The server's defaults may be others. A COMMIT that begins the next transaction, or ends the session, would lose what
/// comes after it; a renewal of which not all rows are shown would seem to have failed.
void connection::prepare_session(time_point by) {
  const bool mariadb = mariadb_connection(&handle_) != 0;
  const std::string patience = std::to_string(lock_wait.count());
  run_text(std::string{"SET autocommit = 1, completion_type = 0, sql_select_limit = 18446744073709551615, "
                       "sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', innodb_lock_wait_timeout = "} +
               patience + ", lock_wait_timeout = " + patience + ", " +
               (mariadb ? "tx_isolation" : "transaction_isolation") + " = 'READ-COMMITTED'",
           by);
}

/// One exchange with the server under a deadline; `body` tells when it was over. What it throws tells whether the
/// deadline was why.
template <class Exchange>
void connection::exchange(time_point by, Exchange&& body) {
  if (boot_clock::now() >= by) throw too_late(to_.shown, "there was nothing left of the time", false);
  deadline_watch::guard limit{mysql_get_socket(&handle_), by};
  try {
    used_at_ = body();
  } catch (const failure& why) {
    if (limit.end()) {
      spoilt_ = true;
      throw too_late(to_.shown, "the server did not answer", why.unknown);
    }
    spoilt_ = spoilt_ || why.spoilt;
    throw;
  } catch (...) {
    spoilt_ = true;  // In the middle of an answer, it may be.
    throw;
  }
  if (limit.end()) spoilt_ = true;
}

void connection::run_text(const std::string& text, time_point by) {
  exchange(by, [&] {
    if (mysql_real_query(&handle_, text.data(), text.size()) != 0)
      throw explain(mysql_errno(&handle_), last_error(&handle_), to_.shown);
    if (MYSQL_RES* rows = mysql_store_result(&handle_)) mysql_free_result(rows);
    return boot_clock::now();
  });
}

prepared& connection::statement(const std::string& text) {
  auto& known = statements_[&text];
  if (known) return *known;
  auto made = std::make_unique<prepared>(mysql_stmt_init(&handle_));
  MYSQL_STMT* const s = made->handle();
  if (s == nullptr) throw std::bad_alloc{};
  if (mysql_stmt_prepare(s, text.data(), text.size()) != 0) {
    auto why = explain(mysql_stmt_errno(s), mysql_stmt_error(s), to_.shown);
    why.unknown = false;  // Nothing was carried out.
    throw why;
  }
  known = std::move(made);
  return *known;
}

result connection::run(const std::string& text, std::span<const argument> with, time_point by) {
  result made;
  exchange(by, [&] {
    prepared& known = statement(text);
    known.give(with);
    MYSQL_STMT* const s = known.handle();
    made.sent = boot_clock::now();
    if (mysql_stmt_execute(s) != 0) throw explain(mysql_stmt_errno(s), mysql_stmt_error(s), to_.shown);
    made.affected = mysql_stmt_affected_rows(s);
    made.insert_id = mysql_stmt_insert_id(s);
    if (!read_rows(s, made.rows)) throw explain(mysql_stmt_errno(s), mysql_stmt_error(s), to_.shown);
    return made.read = boot_clock::now();
  });
  return made;
}

bool connection::is_gone(const identity& other, const std::string& connected, time_point by) {
  if (other.server != who_.server) return false;
  // Behind a translation of addresses the server has other ports on its list than we know of, as it has for this
  // connection: then the number alone must do, and is too little to end what may be somebody else's by now.
  bool known_by_port = false;
  const auto gone = [&] {
    const argument id{static_cast<std::int64_t>(other.id)};
    const auto found = run(connected, {id, argument{other.client_end}, id, argument{who_.client_end}}, by);
    const auto& row = found.rows.at(0);
    known_by_port = row.at(2).number != 0;
    return row.at(known_by_port ? 0 : 1).number == 0;
  };
  if (gone()) return true;
  if (!known_by_port) return false;
  try {
    run_text("KILL " + std::to_string(other.id), by);
  } catch (const failure& why) {
    if (why.spoilt) throw;
  }
  return gone();
}

bool connection::dropped() const noexcept {
  // Asked each time, it would cost a system call for what hardly happens between two statements.
  constexpr duration sure_for = std::chrono::milliseconds{50};
  if (boot_clock::now() - used_at_ < sure_for) return false;
  // Nothing is expected from an idle server: whatever can be read tells of its end.
  pollfd what{.fd = mysql_get_socket(const_cast<MYSQL*>(&handle_)), .events = POLLIN, .revents = 0};
  return ::poll(&what, 1, 0) != 0;
}

}  // namespace holdfast::mysql
