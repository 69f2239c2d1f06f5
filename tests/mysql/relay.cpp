#include "relay.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

namespace holdfast::mysql::test {
namespace {

sockaddr_in loopback(int port) {
  sockaddr_in made{};
  made.sin_family = AF_INET;
  made.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  made.sin_port = htons(static_cast<std::uint16_t>(port));
  return made;
}

}  // namespace

relay::relay(int server_port) : server_port_{server_port} {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto address = loopback(0);
  socklen_t size = sizeof address;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 64) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::runtime_error{"no port for the relay"};
  port_ = ntohs(address.sin_port);
  thread_ = std::thread{[this] { run(); }};
}

relay::~relay() {
  stopping_ = true;
  thread_.join();
  for (const auto& [client, server] : pairs_) {
    ::close(client);
    ::close(server);
  }
  ::close(listener_);
}

void relay::run() {
  while (!stopping_) {
    std::vector<pollfd> all{{.fd = listener_, .events = POLLIN, .revents = 0}};
    for (const auto& [client, server] : pairs_) {
      all.push_back({.fd = hold_ ? -1 : client, .events = POLLIN, .revents = 0});
      all.push_back({.fd = server, .events = POLLIN, .revents = 0});
    }
    if (::poll(all.data(), all.size(), 10) <= 0) continue;
    std::vector<std::pair<int, int>> kept;
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
      bool alive = true;
      if (all[1 + 2 * i].revents != 0 && !hold_) alive = pass(pairs_[i], true);
      if (alive && all[2 + 2 * i].revents != 0) alive = pass(pairs_[i], false);
      if (alive) {
        kept.push_back(pairs_[i]);
      } else {
        ::close(pairs_[i].first);
        ::close(pairs_[i].second);
      }
    }
    pairs_ = std::move(kept);
    if (all[0].revents != 0) accept_one();
  }
}

void relay::accept_one() {
  const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto address = loopback(server_port_);
  if (client >= 0 && ::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    pairs_.emplace_back(client, server);
    return;
  }
  ::close(client);
  ::close(server);
}

/// False at the end of the connection.
bool relay::pass(std::pair<int, int>& pair, bool to_server) {
  char bytes[16384];
  const auto got = ::recv(to_server ? pair.first : pair.second, bytes, sizeof bytes, 0);
  if (got <= 0) return false;
  if (!to_server && lose_.exchange(false)) return false;
  const int to = to_server ? pair.second : pair.first;
  for (ssize_t done = 0; done < got;) {
    const auto sent = ::send(to, bytes + done, static_cast<std::size_t>(got - done), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    done += sent;
  }
  return true;
}

}  // namespace holdfast::mysql::test
