#include "support/port.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <random>
#include <stdexcept>
#include <string>

namespace holdfast::testing {
namespace {

/// Below those that the kernel gives to connections (32768 and above) and above those that have names.
constexpr int first_port = 12000;
constexpr int last_port = 32000;

bool nobody_listens(int port) {
  const int one = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_ANY);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  const bool bound = ::bind(one, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(one);
  return bound;
}

/// A name that is in use until this program ends, however it ends. It belongs to the network namespace, as a port does.
bool reserve(int port) {
  const int one = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = "holdfast-test-port-" + std::to_string(port);
  std::memcpy(address.sun_path + 1, name.data(), name.size());
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  if (::bind(one, reinterpret_cast<const sockaddr*>(&address), size) == 0) return true;
  ::close(one);
  return false;
}

}  // namespace

int free_port() {
  static thread_local std::minstd_rand any{std::random_device{}()};
  std::uniform_int_distribution<int> port{first_port, last_port};
  for (int tries = 0; tries < 1000; ++tries)
    if (const int one = port(any); reserve(one)) {
      if (nobody_listens(one)) return one;
    }
  throw std::runtime_error{"no free port"};
}

}  // namespace holdfast::testing
