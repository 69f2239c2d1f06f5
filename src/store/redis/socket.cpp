#include "store/redis/socket.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <system_error>

#include "store/redis/errors.hpp"

namespace holdfast::redis {

namespace {

using namespace std::chrono_literals;

/// In milliseconds for poll(), rounded up, at least 0.
int milliseconds_until(time_point until) noexcept {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - boot_clock::now());
  return static_cast<int>(std::clamp<long long>(left.count(), 0, 3'600'000));
}

/// True if the descriptor is ready for `events` before `until`.
bool wait_for(int fd, short events, time_point until) noexcept {
  while (true) {
    pollfd what{fd, events, 0};
    const int left = milliseconds_until(until);
    const int ready = ::poll(&what, 1, left);
    if (ready > 0) return true;
    if (ready == 0 && boot_clock::now() >= until) return false;
    if (ready < 0 && errno != EINTR) return false;
  }
}

[[noreturn]] void throw_error(int error) { throw std::system_error{error, std::generic_category()}; }

struct free_addresses {
  void operator()(addrinfo* first) const noexcept { ::freeaddrinfo(first); }
};

std::string text_of(const addrinfo& address, const std::string& port) {
  char host[NI_MAXHOST] = "?";
  ::getnameinfo(address.ai_addr, address.ai_addrlen, host, sizeof host, nullptr, 0, NI_NUMERICHOST);
  const bool brackets = address.ai_family == AF_INET6;
  return (brackets ? "[" : "") + std::string{host} + (brackets ? "]:" : ":") + port;
}

}  // namespace

socket::~socket() {
  if (fd_ >= 0) ::close(fd_);
}

/// Throws std::system_error: only the callers know what to say of it.
socket socket::connected(int fd, const void* address, unsigned size, time_point by) {
  if (fd < 0) throw_error(errno);
  socket made{fd};
  int result = ::connect(fd, static_cast<const sockaddr*>(address), size);
  if (result != 0 && errno == EAGAIN) throw_error(EAGAIN);  // A Unix socket whose server does not accept.
  if (result != 0 && errno != EINPROGRESS && errno != EINTR) throw_error(errno);
  if (result != 0) {
    if (!wait_for(fd, POLLOUT, by)) throw_error(ETIMEDOUT);
    int error = 0;
    socklen_t length = sizeof error;
    if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0) throw_error(errno);
    if (error != 0) throw_error(error);
  }
  const int flags = ::fcntl(fd, F_GETFL);
  ::fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
  return made;
}

socket socket::to_host(const core::url::host_port& where, const std::string& shown, time_point by) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV | AI_ADDRCONFIG;
  addrinfo* first = nullptr;
  int code = ::getaddrinfo(where.host.c_str(), where.port.c_str(), &hints, &first);
  if (code == EAI_NONAME || code == EAI_ADDRFAMILY || code == EAI_NODATA) {
    hints.ai_flags = AI_NUMERICSERV;  // Loopback addresses alone do not count for AI_ADDRCONFIG.
    code = ::getaddrinfo(where.host.c_str(), where.port.c_str(), &hints, &first);
  }
  if (code != 0) throw failure{explain_resolve(code, errno, where.host, shown)};
  const std::unique_ptr<addrinfo, free_addresses> addresses{first};
  int left = 0;
  for (const auto* each = first; each != nullptr; each = each->ai_next) ++left;
  status last;
  for (const auto* each = first; each != nullptr; each = each->ai_next, --left) {
    // Each has its share of the time that is left.
    const auto now = boot_clock::now();
    const auto until = now + std::max<duration>((by - now) / left, 1ms);
    try {
      const int fd = ::socket(each->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
      auto made = connected(fd, each->ai_addr, each->ai_addrlen, until);
      const int on = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      ::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
      // By themselves they would begin after two hours; what stands between forgets idle connections within minutes.
      const int idle_seconds = 60;
      const int between_seconds = 15;
      ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_seconds, sizeof idle_seconds);
      ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &between_seconds, sizeof between_seconds);
      return made;
    } catch (const std::system_error& why) {
      const int error = why.code().value();
      // What was refused says more than what was not there at all (::1 on a host without IPv6).
      if (last.ok() || error != EADDRNOTAVAIL) last = explain_connect(error, text_of(*each, where.port), shown);
    }
  }
  throw failure{last};
}

socket socket::to_path(const std::string& path, const std::string& shown, time_point by) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), std::min(path.size(), sizeof address.sun_path - 1));
  while (true) {
    try {
      return connected(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), &address, sizeof address, by);
    } catch (const std::system_error& why) {
      const int error = why.code().value();
      // Its backlog is full: nothing tells when that is over.
      if (error != EAGAIN || boot_clock::now() + 5ms >= by) throw failure{explain_connect(error, path, shown)};
      ::poll(nullptr, 0, 5);
    }
  }
}

socket::moved socket::send(std::string_view bytes) noexcept {
  const auto count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (count >= 0) return {.bytes = static_cast<std::size_t>(count)};
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR || errno == ENOBUFS) return {};
  return {.error = errno};
}

bool socket::wait_to_send(time_point until) noexcept { return wait_for(fd_, POLLOUT, until); }

socket::moved socket::receive(char* into, std::size_t size, time_point now, time_point until) noexcept {
  int flags = MSG_DONTWAIT;
  if (const duration left = until - now; left > duration::zero()) {
    flags = 0;
    // Waking too early costs a look; setting the timeout anew costs a system call each time.
    if (timeout_ > left || timeout_ < left / 4) {
      timeout_ = std::clamp<duration>(left - left / 8, 1ms, std::chrono::hours{1});
      const timeval span{static_cast<time_t>(timeout_ / 1s), static_cast<suseconds_t>(timeout_ % 1s / 1us)};
      ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &span, sizeof span);
    }
  }
  const auto count = ::recv(fd_, into, size, flags);
  if (count > 0) return {.bytes = static_cast<std::size_t>(count)};
  if (count == 0) return {.end = true};
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return {};
  return {.error = errno};
}

void socket::shut() noexcept { ::shutdown(fd_, SHUT_RDWR); }

bool socket::stale() const noexcept {
  // Not by what can be read: under TLS that may be the handshake's last words.
  pollfd what{fd_, POLLRDHUP, 0};
  return ::poll(&what, 1, 0) > 0;
}

}  // namespace holdfast::redis
