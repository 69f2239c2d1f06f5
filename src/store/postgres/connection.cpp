#include "store/postgres/connection.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>

#include "store/postgres/host_list.hpp"

namespace holdfast::postgres {
namespace {

/// In ms, rounded up, for poll().
int left_until(time_point by) noexcept {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(by - boot_clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 3'600'000));
}

/// Whether `socket` became ready for `events` before `by`.
bool ready(int socket, short events, time_point by) noexcept {
  while (true) {
    struct pollfd one {
      socket, events, 0
    };
    const int left = left_until(by);
    const int found = ::poll(&one, 1, left);
    if (found > 0) return true;
    if (found == 0 && left_until(by) == 0) return false;
    if (found < 0 && errno != EINTR) return false;
  }
}

/// Bytes of parameters that fit into any socket's buffer.
constexpr std::size_t largest_brief = 4096;

/// So soon after a statement a connection is taken for a live one.
constexpr duration trusted_for = std::chrono::milliseconds{20};

// The session's settings are wanted only where the session is ours alone.
// - READ COMMITTED is what the protocol rests on.
// - Every statement finds its rows by a key; a plan made while the table was small must not scan it when it has grown.
const statement settle_session{0, R"(
  SELECT pg_backend_pid(), (date_part('epoch', clock_timestamp()) * 1000000)::bigint,
    CASE WHEN pg_backend_pid() = $1::int4 THEN
      set_config('statement_timeout', $2::text, false) || set_config('lock_timeout', $3::text, false) ||
      set_config('default_transaction_isolation', 'read committed', false) ||
      set_config('enable_seqscan', 'off', false) || set_config('jit', 'off', false) ||
      set_config('client_min_messages', 'error', false) END)"};

}  // namespace

connection::connection(const options& with, duration statement_limit, time_point by) : shown_{with.shown} {
  connect(with, by);
  settle(statement_limit, by);
}

/// Waits no longer for a host than its share of the time, where there are others: libpq itself tries the next one only
/// when this one has answered, or refused.
void connection::connect(const options& with, time_point by) {
  host_list hosts{with.parameters};
  while (hosts.several()) {
    if (try_hosts(hosts.parameters(), boot_clock::now() + (by - boot_clock::now()) / hosts.count())) return;
    hosts.drop(PQhost(handle_.get()), PQport(handle_.get()));
  }
  if (!try_hosts(hosts.parameters(), by))
    throw failure{{errc::unavailable, shown_ + ": can't connect: no answer in time"}, failure::remedy::reconnect};
}

/// False if there was no answer in time.
bool connection::try_hosts(const parameter_list& with, time_point by) {
  std::vector<const char*> names;
  std::vector<const char*> values;
  for (const auto& [name, value] : with) {
    names.push_back(name.c_str());
    values.push_back(value.c_str());
  }
  names.push_back(nullptr);
  values.push_back(nullptr);
  handle_.reset(PQconnectStartParams(names.data(), values.data(), 0));
  if (!handle_) throw failure{{errc::unavailable, "out of memory"}, failure::remedy::reconnect};
  PQsetErrorVerbosity(handle_.get(), PQERRORS_VERBOSE);
  PQsetNoticeProcessor(
      handle_.get(), [](void*, const char*) {}, nullptr);
  auto next = PQstatus(handle_.get()) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;
  while (next != PGRES_POLLING_OK) {
    if (next == PGRES_POLLING_FAILED) {
      const std::string message = PQerrorMessage(handle_.get());
      if (const auto why = explain_parameter(message, shown_)) throw *why;
      if (PQconnectionNeedsPassword(handle_.get()) != 0) throw no_password(shown_);
      throw explain_connect(message, shown_);
    }
    const short events = next == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    if (!ready(PQsocket(handle_.get()), events, by)) return false;
    next = PQconnectPoll(handle_.get());
  }
  PQsetErrorVerbosity(handle_.get(), PQERRORS_DEFAULT);
  if (PQsetnonblocking(handle_.get(), 1) != 0) lost();
  return true;
}

void connection::settle(duration statement_limit, time_point by) {
  const auto limit = std::chrono::ceil<std::chrono::milliseconds>(statement_limit).count();
  const auto text = std::to_string(limit);
  const auto shorter = std::to_string(limit - limit / 10);  // So that a wait for a lock is told as such.
  const auto process = static_cast<std::uint32_t>(PQbackendPID(handle_.get()));
  const std::array<char, 4> told{static_cast<char>(process >> 24), static_cast<char>(process >> 16),
                                 static_cast<char>(process >> 8), static_cast<char>(process)};
  parameters with;
  with.bytes({told.data(), told.size()}).bytes(text).bytes(shorter);
  const reply row = run(settle_session, with, by);
  uses_.clear();
  if (row.rows() != 1) lost();
  // A pooler gives out process numbers of its own.
  pooled_ = row.null(0, 2);
  const auto text_of = [](const char* value) { return std::string{value == nullptr ? "" : value}; };
  backend_ = {text_of(PQhost(handle_.get())) + ":" + text_of(PQport(handle_.get())), static_cast<int>(row.number(0, 0)),
              row.number(0, 1)};
}

bool connection::usable() noexcept {
  // To look costs a system call. What the server ended since then is as if it had ended it on the way.
  if (boot_clock::now() - sent_ < trusted_for) return true;
  char byte = 0;
  const auto got = ::recv(PQsocket(handle_.get()), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  // A server speaks unasked when it ends the session, and hardly ever else.
  return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
}

bool connection::alive() noexcept {
  block(false);
  // PQisBusy has libpq read what came: a parameter that changed, a notice.
  return PQconsumeInput(handle_.get()) != 0 && PQisBusy(handle_.get()) == 0 && PQstatus(handle_.get()) == CONNECTION_OK;
}

void connection::send(const statement& what, const parameters& with, time_point by) {
  if (uses_.size() <= what.id) uses_.resize(what.id + 1);
  auto& uses = uses_[what.id];
  // Behind a pooler each statement may run in another session. Else a single use is not worth preparing.
  if (pooled_ || uses == 0) {
    uses = 1;
    sent_ = boot_clock::now();
    if (PQsendQueryParams(handle_.get(), what.text.c_str(), with.count(), nullptr, with.values(), with.lengths(),
                          parameters::formats(), 1) == 0)
      lost();
    return;
  }
  const std::string name = "holdfast_" + std::to_string(what.id);
  if (uses == 1) prepare(what, by);
  uses_[what.id] = 2;
  sent_ = boot_clock::now();
  if (PQsendQueryPrepared(handle_.get(), name.c_str(), with.count(), with.values(), with.lengths(),
                          parameters::formats(), 1) == 0)
    lost();
}

void connection::prepare(const statement& what, time_point by) {
  const std::string name = "holdfast_" + std::to_string(what.id);
  if (PQsendPrepare(handle_.get(), name.c_str(), what.text.c_str(), 0, nullptr) == 0) lost();
  const reply done{finish(by)};
}

reply connection::run(const statement& what, const parameters& with, time_point by) {
  // Of what TLS makes of it a byte is no sign that libpq can read without waiting for more.
  block(what.brief && with.size() < largest_brief && PQsslInUse(handle_.get()) == 0);
  send(what, with, by);
  return reply{finish(by)};
}

void connection::run_script(const std::string& text, time_point by) {
  block(false);
  sent_ = boot_clock::now();
  if (PQsendQuery(handle_.get(), text.c_str()) == 0) lost();
  const reply done{finish(by)};
}

void connection::start(const std::string& text, const parameters& with, time_point by) {
  block(false);
  sent_ = boot_clock::now();
  if (PQsendQueryParams(handle_.get(), text.c_str(), with.count(), nullptr, with.values(), with.lengths(),
                        parameters::formats(), 1) == 0)
    lost();
  flush(by);
}

std::optional<reply> connection::answer(time_point by) {
  if (!gather(by)) return std::nullopt;
  return reply{take_gathered()};
}

/// The last result of what was sent. Reads to the end, so that the next statement may be sent.
PGresult* connection::finish(time_point by) {
  flush(by);
  if (!gather(by)) throw lost_answer("no answer in time; the statement may still be carried out", shown_);
  return take_gathered();
}

/// Whether all of the results are here by then.
bool connection::gather(time_point by) {
  while (true) {
    while (PQisBusy(handle_.get()) != 0) {
      if (!await_answer(by)) return false;
      if (PQconsumeInput(handle_.get()) == 0) lost();
    }
    result next{PQgetResult(handle_.get())};
    if (!next) return true;
    const auto is = PQresultStatus(next.get());
    if (is == PGRES_TUPLES_OK || is == PGRES_COMMAND_OK)
      last_ = std::move(next);
    else if (!bad_)
      bad_ = std::move(next);
  }
}

PGresult* connection::take_gathered() {
  result last = std::move(last_);
  const result bad = std::move(bad_);
  if (bad) fail(bad.get());
  if (!last) lost();
  return last.release();
}

/// Until there is something to read, if only the end of the connection; false at `by`. A socket that waits is read
/// ahead by a byte, without taking it, and not left to libpq: that would wait its whole timeout again for each signal.
bool connection::await_answer(time_point by) {
  if (!blocks_) return ready(PQsocket(handle_.get()), POLLIN, by);
  while (true) {
    const duration left = by - boot_clock::now();
    if (left <= duration::zero()) return false;
    if (!wait_no_longer_than(left)) return ready(PQsocket(handle_.get()), POLLIN, by);
    char byte = 0;
    if (::recv(PQsocket(handle_.get()), &byte, 1, MSG_PEEK) >= 0) return true;
    if (errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK) return true;  // libpq will tell.
  }
}

/// Waking too early costs a look; setting the timeout anew costs a system call each time.
bool connection::wait_no_longer_than(duration left) {
  if (timeout_ <= left && timeout_ >= left / 4) return true;
  timeout_ = std::clamp<duration>(left - left / 8, std::chrono::milliseconds{1}, std::chrono::hours{1});
  const auto seconds = std::chrono::floor<std::chrono::seconds>(timeout_);
  const timeval span{
      static_cast<time_t>(seconds.count()),
      static_cast<suseconds_t>(std::chrono::floor<std::chrono::microseconds>(timeout_ - seconds).count())};
  return ::setsockopt(PQsocket(handle_.get()), SOL_SOCKET, SO_RCVTIMEO, &span, sizeof span) == 0;
}

/// Whether reading waits: that saves a poll() for each answer. libpq must not read then after the end of an answer, as it
/// does with long ones; and what is sent must fit into the socket.
void connection::block(bool wanted) {
  if (blocks_ == wanted) return;
  const int flags = ::fcntl(PQsocket(handle_.get()), F_GETFL);
  if (flags < 0 || ::fcntl(PQsocket(handle_.get()), F_SETFL, wanted ? flags & ~O_NONBLOCK : flags | O_NONBLOCK) < 0)
    return;
  blocks_ = wanted;
}

void connection::flush(time_point by) {
  while (true) {
    const int left = PQflush(handle_.get());
    if (left == 0) return;
    if (left < 0) lost();
    if (!ready(PQsocket(handle_.get()), POLLIN | POLLOUT, by))
      throw lost_answer("the server takes no statement in time", shown_);
    if (PQconsumeInput(handle_.get()) == 0) lost();
  }
}

bool connection::await_input(int wake, time_point by) {
  std::array<struct pollfd, 2> both{{{PQsocket(handle_.get()), POLLIN, 0}, {wake, POLLIN, 0}}};
  const int found = ::poll(both.data(), both.size(), left_until(by));
  if (found > 0 && both[0].revents != 0 && PQconsumeInput(handle_.get()) == 0) lost();
  return found > 0 && both[1].revents != 0;
}

void connection::fail(PGresult* from) {
  const char* const state = PQresultErrorField(from, PG_DIAG_SQLSTATE);
  const char* const text = PQresultErrorField(from, PG_DIAG_MESSAGE_PRIMARY);
  if (state == nullptr || PQstatus(handle_.get()) != CONNECTION_OK) {
    const std::string message = text != nullptr ? text : PQresultErrorMessage(from);
    auto why = state != nullptr ? explain(state, message, shown_) : lost_answer(message, shown_);
    why.mend = failure::remedy::reconnect;
    why.unknown = true;
    throw why;
  }
  throw explain(state, text != nullptr ? text : "", shown_);
}

void connection::lost() { throw lost_answer(PQerrorMessage(handle_.get()), shown_); }

}  // namespace holdfast::postgres
