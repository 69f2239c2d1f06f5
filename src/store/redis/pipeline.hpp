#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>

#include "holdfast/clock.hpp"
#include "store/redis/channel.hpp"
#include "store/redis/reply.hpp"

namespace holdfast::redis {

/// One command on its way, kept by its caller until `pipeline::next` says that it is finished.
struct pending {
  time_point by{};  ///< When its caller gives up.

  // What came of it.
  answer::outcome is = answer::outcome::not_sent;
  reply what;
  time_point sent{};
  bool timed_out = false;  ///< Ended by `by`, not by the connection's end.

  // The pipeline's.
  enum class stage : std::uint8_t { queued, in_flight, finished };
  stage at = stage::queued;
  bool waiting = false;  ///< Told to wait, and not woken since.
  bool helped = false;   ///< Has sent for others after its own was finished: once is enough.
  pending* next_woken = nullptr;
};

/// How the commands of many callers share one connection: who sends what has gathered, who reads, whom to wake, what
/// becomes of each when callers give up or the connection ends. A machine without I/O: it is told what came of what it
/// asked for. For one thread at a time.
///
/// Replies come in the order of the commands. A place in that order belongs to the connection: a caller that gives up
/// leaves it behind, and the reply is consumed all the same. One caller at a time reads, for all; it hands others their
/// replies, and when it leaves it makes another the reader. One at a time sends; what comes meanwhile gathers.
class pipeline {
 public:
  struct limits {
    /// How long the oldest reply may take before the connection is given up.
    duration reply_timeout{};
    /// With a reader at work and at least so many in flight, commands gather until the reader comes back: there is no
    /// haste, the server is busy, and it does many at once for less.
    std::size_t direct = 2;
  };
  enum class duty : std::uint8_t {
    finished,  ///< Leave, with what is in `pending`.
    send,      ///< take(), write it, then sent().
    receive,   ///< Read until receive_until(), then received() or nothing_came().
    wait,      ///< Until woken or until `by`, then ask again.
  };

  explicit pipeline(limits how) : how_{how} {}

  /// A new command. Not after `broke`.
  void join(pending& who, std::span<const std::string_view> words);
  /// What its caller is to do now.
  duty next(pending& me, time_point now);

  /// For who has `send`: moves what has gathered to the end of `batch`.
  void take(std::string& batch, time_point now);
  enum class written : std::uint8_t { all, part, none };
  /// `none`: not a byte of what was taken since `all` was said last.
  void sent(pending& me, written how);

  /// For who has `receive`.
  [[nodiscard]] time_point receive_until(const pending& me) const;
  /// False if there are more replies than commands.
  bool received(pending& me, std::span<reply> replies);
  /// Nothing came until `now`. False if the oldest reply is overdue: the connection has to end.
  [[nodiscard]] bool nothing_came(time_point now) const;
  /// How long the oldest reply has been awaited.
  [[nodiscard]] duration awaited(time_point now) const;

  /// The connection ended. Everybody is finished; what may have reached the server is unknown.
  void broke();
  [[nodiscard]] bool broken() const noexcept { return broken_; }
  /// Whether something that was in flight when it broke was not answered.
  [[nodiscard]] bool left_unknown() const noexcept { return left_unknown_; }
  [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_; }

  /// Takes the chain (by `next_woken`) of those who waited and have to be woken. Whoever is in it must not go away before.
  pending* woken() noexcept;

 private:
  struct slot {
    pending* who = nullptr;   ///< Null: given up.
    std::uint64_t begin = 0;  ///< Where its bytes begin in all that was ever gathered.
    time_point sent{};
  };

  void finish(pending& who, answer::outcome how) noexcept;
  void wake(pending& who) noexcept;
  void give_up(pending& me);
  void cut_out(std::size_t index);
  void leave(pending& me);
  void appoint();
  [[nodiscard]] bool may_send(const pending& me) const noexcept;
  [[nodiscard]] bool something_to_send() const noexcept { return backlog_ || !gathered_.empty(); }

  const limits how_;
  std::string gathered_;
  std::deque<slot> slots_;  ///< Oldest first; the first `in_flight_` were taken.
  std::size_t in_flight_ = 0;
  std::uint64_t taken_ = 0;         ///< Bytes taken to be sent, ever.
  std::uint64_t may_be_there_ = 0;  ///< Of those, how many may have been written.
  bool backlog_ = false;            ///< Something that was taken waits to be written.
  bool broken_ = false;
  bool left_unknown_ = false;
  pending* reader_ = nullptr;
  pending* sender_ = nullptr;
  pending* woken_ = nullptr;
};

}  // namespace holdfast::redis
