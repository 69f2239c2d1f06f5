#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/store.hpp"
#include "store/redis/reply.hpp"

/// What goes to the scripts (scripts/*.lua) and what comes back, as values. Pure; what comes back may be anything.
namespace holdfast::redis {

inline constexpr duration claim_window = std::chrono::seconds{2};
/// Two beats fit into the time after which a waiter counts as dead; a client sends at most 1.25 a second.
inline constexpr duration heartbeat_every = std::chrono::milliseconds{800};

/// The words of one call, kept together.
class arguments {
 public:
  explicit arguments(std::size_t bytes) { text_.reserve(bytes); }
  arguments(const arguments&) = delete;
  arguments& operator=(const arguments&) = delete;
  void add(std::string_view word);
  void add(std::uint64_t number);
  void add_token(std::uint64_t token);  ///< 16 digits, as records have them.
  /// Good until the next `add`.
  [[nodiscard]] std::span<const std::string_view> all();

 private:
  std::string text_;
  std::vector<std::size_t> ends_;
  std::vector<std::string_view> views_;
};

/// `listening`: where the client hears of turns, or empty.
void put_acquire(arguments& to, const core::request& what, bool wait, std::string_view listening);
void put_claim(arguments& to, const core::request& what);

/// How long the server is to remember a lease's record, in ms: while the lease stands, and then until the clock is far
/// past its last token.
std::uint64_t keep_record(duration ttl) noexcept;
/// Whether each renewal must see to that. For the others it is enough if a few do, for the time is so much longer.
bool always_keep(duration ttl) noexcept;
std::uint64_t in_milliseconds(duration span) noexcept;

/// The channel on which a client that listens at `where` (32 hex digits) is told of turns.
std::string channel_of(std::string_view where);
/// For clients that can't listen.
inline constexpr std::string_view nowhere = "00000000000000000000000000000000";

struct turn_reply {
  enum class kind : std::uint8_t {
    granted,
    queued,
    busy,
    busy_for_ever,  ///< The plain key has no expiry.
    gone,
    listen_first,
    wrong_type,  ///< `type` is the key's.
    no_token,    ///< The server's clock is centuries ahead.
    garbage,
  };
  kind is = kind::garbage;
  std::uint64_t token = 0;
  std::uint32_t position = 0;
  std::int64_t left = 0;  ///< ms until the holder's lease runs out; -1: never.
  std::string type;
};
turn_reply read_turn(const reply& from);

/// When who stands there is to look again unasked. Only the head: it sees the holder's lease run out, and the
/// heartbeats of the others make up for a head that is dead.
duration look_again(std::uint32_t position, std::int64_t left) noexcept;

/// False if `from` is no answer for that many.
bool read_renewals(const reply& from, std::span<core::renew_verdict> verdicts);
bool read_beats(const reply& from, std::span<core::wait_verdict> verdicts);

/// What inspect.lua answers; `made.name` is left alone. False for garbage, and for trouble (read_trouble tells).
bool read_view(const reply& from, resource_view& made);
/// wrong_type, no_token or garbage.
turn_reply read_trouble(const reply& from);

/// Whether an error reply means that the script has changed nothing.
bool nothing_was_done(std::string_view error) noexcept;

}  // namespace holdfast::redis
