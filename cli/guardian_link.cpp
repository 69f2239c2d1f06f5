#include "guardian_link.hpp"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

namespace holdfast::cli {

using namespace std::chrono_literals;

duration grace_of(duration ttl) noexcept { return std::min<duration>(5s, ttl / 6); }

duration margin_of(duration ttl) noexcept { return std::clamp<duration>(ttl / 12, 80ms, 1s); }

bool send_message(int socket, const guardian_message& what, std::string_view tail) noexcept {
  iovec parts[2] = {{const_cast<guardian_message*>(&what), sizeof what}, {const_cast<char*>(tail.data()), tail.size()}};
  msghdr packet{};
  packet.msg_iov = parts;
  packet.msg_iovlen = tail.empty() ? 1 : 2;
  for (;;) {
    if (::sendmsg(socket, &packet, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0) return true;
    if (errno != EINTR) return false;
  }
}

receipt receive_message(int socket, guardian_message& what, char* buffer, std::size_t room,
                        std::string_view& tail) noexcept {
  iovec parts[2] = {{&what, sizeof what}, {buffer, room}};
  msghdr packet{};
  packet.msg_iov = parts;
  packet.msg_iovlen = 2;
  for (;;) {
    const ssize_t got = ::recvmsg(socket, &packet, MSG_DONTWAIT);
    // ECONNRESET, told once, says only that the other end left messages of ours unread; its own may still be here.
    if (got < 0 && (errno == EINTR || errno == ECONNRESET)) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return receipt::none;
    // A packet of another size is from no process of ours: as good as an end.
    if (got < static_cast<ssize_t>(sizeof what)) return receipt::closed;
    tail = {buffer, static_cast<std::size_t>(got) - sizeof what};
    return receipt::message;
  }
}

}  // namespace holdfast::cli
