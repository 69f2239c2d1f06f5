#pragma once

#include <cstdint>
#include <string_view>

#include "holdfast/clock.hpp"

/// What holdfast and its guardian say to each other, over a pair of SOCK_SEQPACKET sockets: one message a packet, so
/// none is ever read in part. The end of either process is the end of file at the other.
namespace holdfast::cli {

enum class guardian_word : std::int32_t {
  // to the guardian
  go,  ///< Start the command; `deadline`, `grace`, `margin`, `flags` hold, `value` != 0 gives it the terminal. Its environment follows.
  deadline,  ///< The lease was renewed: `deadline` holds.
  signal,    ///< Send `value` to the command's group.
  kill,      ///< The lease is lost: end everything now.
  // from the guardian
  started,      ///< `value` is the command's pid, which is its group's too.
  exec_failed,  ///< `value` is the errno. Nothing runs.
  stopped,      ///< The command was stopped by signal `value`.
  ended,        ///< The command is over: `value` is its wait status, `flags` tells how.
};

/// A flag of `go`: the lock is free as soon as holdfast is gone, so there is no grace then.
inline constexpr std::int32_t free_when_gone = 1;

/// Flags of `ended`.
inline constexpr std::int32_t ended_by_guardian = 1;  ///< It was told to end because the lease ran out or was lost.
inline constexpr std::int32_t some_are_left = 2;      ///< Some of its processes could not be killed.

struct guardian_message {
  guardian_word word{};
  std::int32_t value = 0;
  std::int32_t flags = 0;
  std::int32_t unused = 0;
  std::int64_t deadline = 0;  ///< CLOCK_BOOTTIME, ns.
  std::int64_t grace = 0;     ///< SIGTERM this long before the deadline, ns.
  std::int64_t margin = 0;    ///< SIGKILL this long before the deadline, ns.
};

/// How long before the deadline the command is asked to end: a sixth of the ttl, at most 5 s.
duration grace_of(duration ttl) noexcept;
/// How long before the deadline it is killed, so that it is gone at the deadline: killing takes time, the more so on a
/// busy machine.
duration margin_of(duration ttl) noexcept;

/// `tail` follows the message in the same packet. Does not wait: false when the other end is gone, or has stopped reading so long
/// that the socket is full.
bool send_message(int socket, const guardian_message& what, std::string_view tail = {}) noexcept;

enum class receipt { message, none, closed };
/// Takes one message if there is one; does not wait. What followed it is put into `buffer` (of `room` bytes) as `tail`.
receipt receive_message(int socket, guardian_message& what, char* buffer, std::size_t room,
                        std::string_view& tail) noexcept;

}  // namespace holdfast::cli
