#include "support/proxy.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <deque>
#include <stdexcept>
#include <utility>
#include <vector>

namespace holdfast::testing {
namespace {

using clock = std::chrono::steady_clock;

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int new_socket() {
  const int made = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int one = 1;
  ::setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return made;
}

void send_all(int to, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(to, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

}  // namespace

/// One connection, both ways.
struct proxy::pipe {
  struct way {
    int from = -1;
    int to = -1;
    direction where = direction::to_server;
    bool held = false;
    bool outlives = false;  ///< What is held goes on also if its sender has closed meanwhile,
    bool ended = false;     ///< and it has.
    std::deque<std::pair<clock::time_point, std::string>> pieces;
  };
  std::array<way, 2> ways;
  bool over = false;

  pipe(int client, int server)
      : ways{way{client, server, direction::to_server, false, {}},
             way{server, client, direction::to_client, false, {}}} {}
  pipe(const pipe&) = delete;
  ~pipe() {
    for (const auto& each : ways) ::close(each.from);
  }
};

proxy::proxy(int target_port) : target_{target_port} {
  listener_ = new_socket();
  wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  auto address = loopback(0);
  socklen_t size = sizeof address;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 128) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::runtime_error{std::string{"the proxy can't listen: "} + std::strerror(errno)};
  port_ = ntohs(address.sin_port);
  thread_ = std::thread{[this] { run(); }};
}

proxy::~proxy() {
  stopping_ = true;
  heal();
  thread_.join();
  ::close(listener_);
  ::close(wake_);
}

void proxy::judge_by(judge how) {
  const std::lock_guard lock{mutex_};
  judge_ = std::move(how);
}

void proxy::partition() {
  const std::lock_guard lock{mutex_};
  partitioned_ = true;
}

void proxy::heal() {
  const std::lock_guard lock{mutex_};
  partitioned_ = false;
  judge_ = nullptr;
  for (auto& each : pipes_)
    for (auto& way : each.ways) way.held = false;
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(wake_, &one, sizeof one);
}

void proxy::delay(std::chrono::milliseconds span) {
  const std::lock_guard lock{mutex_};
  delay_ = span;
}

void proxy::cut_all() {
  const std::lock_guard lock{mutex_};
  for (auto& each : pipes_) {
    each.over = true;
    for (const auto& way : each.ways) ::shutdown(way.from, SHUT_RDWR);
  }
}

std::size_t proxy::connections() {
  const std::lock_guard lock{mutex_};
  return pipes_.size();
}

proxy::fate proxy::fate_of(direction where, std::string_view piece) {
  if (partitioned_) return fate::hold;
  return judge_ ? judge_(where, piece) : fate::pass;
}

void proxy::accept_one() {
  const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (client < 0) return;
  const int server = new_socket();
  const auto address = loopback(target_);
  if (::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    ::close(client);
    ::close(server);
    return;
  }
  pipes_.emplace_back(client, server);
}

/// Sends what is due. False once the connection is over.
bool proxy::flush(pipe& one) {
  for (auto& way : one.ways) {
    if (way.held || partitioned_) continue;
    while (!way.pieces.empty() && way.pieces.front().first <= clock::now()) {
      send_all(way.to, way.pieces.front().second);
      way.pieces.pop_front();
    }
    if (way.ended && way.pieces.empty()) return false;
  }
  return !one.over;
}

/// Reads what has come. False once the connection is over.
bool proxy::relay(pipe& one) {
  for (auto& way : one.ways) {
    if (way.ended) continue;
    std::array<char, 65536> buffer;
    const auto got = ::recv(way.from, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) continue;
    if (got <= 0 && way.outlives) {
      way.ended = true;
      continue;
    }
    if (got <= 0) return false;
    const std::string_view piece{buffer.data(), static_cast<std::size_t>(got)};
    const auto what = way.held ? fate::hold : fate_of(way.where, piece);
    if (what == fate::swallow) continue;
    if (what == fate::cut) return false;
    if (what == fate::outlive) way.outlives = true;
    if (what == fate::hold || what == fate::outlive) way.held = true;
    way.pieces.emplace_back(clock::now() + delay_, piece);
    if (what != fate::cut_after) continue;
    send_all(way.to, piece);
    return false;
  }
  return true;
}

void proxy::run() {
  std::unique_lock lock{mutex_};
  while (!stopping_) {
    std::vector<pollfd> watched{{wake_, POLLIN, 0}};
    bool later = false;
    if (!partitioned_) watched.push_back({listener_, POLLIN, 0});
    for (const auto& each : pipes_)
      for (const auto& way : each.ways) {
        if (!way.ended) watched.push_back({way.from, POLLIN, 0});
        later = later || !way.pieces.empty();
      }
    lock.unlock();
    ::poll(watched.data(), watched.size(), later ? 1 : 20);
    lock.lock();
    std::uint64_t ignored = 0;
    [[maybe_unused]] const auto read_bytes = ::read(wake_, &ignored, sizeof ignored);
    if (!partitioned_ && watched.size() > 1 && watched[1].fd == listener_ && watched[1].revents != 0) accept_one();
    pipes_.remove_if([this](pipe& each) { return !relay(each) || !flush(each); });
  }
}

}  // namespace holdfast::testing
