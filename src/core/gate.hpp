#pragma once

#include <cstdint>
#include <forward_list>
#include <iterator>

#include "holdfast/clock.hpp"

namespace holdfast::core {

/// Decides among the threads of one client that want the same resource: they queue here, the first of them drives the
/// one request that the store sees, and a tenure may pass through several turns. Does no I/O, reads no clock, blocks
/// nobody. Not thread-safe.
class gate {
 public:
  using ticket = std::uint64_t;

  struct bounds {
    /// How long after its grant a tenure may still be passed on. Then it goes back to the store, where others may wait.
    duration longest = std::chrono::milliseconds{10};
  };
  struct ask {
    duration ttl{};
    bool renews = true;
  };
  struct grant {
    time_point replied{};  ///< When the driver had the answer.
    duration ttl{};
    bool renews = true;
    std::uint32_t reserve = 0;  ///< Tokens beyond the first one that the store has set aside.
  };

  enum class phase : std::uint8_t {
    idle,      ///< Nothing in the store. The first in the queue, if any, is to begin a request.
    asking,    ///< A request is under way, driven by the first in the queue.
    leaving,   ///< A request is being withdrawn; everybody waits for that.
    held,      ///< Somebody's turn.
    releasing  ///< The tenure is going back to the store; everybody waits for that.
  };
  enum class role : std::uint8_t { wait, drive, turn };
  enum class leave_effect : std::uint8_t { none, withdraw };
  struct next_turn {
    bool passes = false;  ///< Else the tenure goes back to the store.
    ticket to = 0;
    std::uint32_t offset = 0;  ///< The turn's token is the grant's plus this.
  };

  gate() noexcept = default;
  explicit gate(bounds within) noexcept : bounds_{within} {}

  ticket arrive(ask what);
  [[nodiscard]] role role_of(ticket who) const noexcept;
  /// Gives up before its turn. `withdraw`: it drove the request and nobody is left who can take that over; the caller
  /// withdraws it and then calls on_request_ended.
  leave_effect leave(ticket who) noexcept;

  /// The driver sends its request (phase idle to asking).
  void on_request_begun(ask what) noexcept;
  /// The driver's request ended without a grant; it leaves the queue if it is still there.
  void on_request_ended(ticket driver) noexcept;
  /// The driver's request was granted: it is its turn.
  void on_granted(ticket driver, const grant& what) noexcept;

  /// The turn is over at `now`. `sound`: the lease is neither lost nor in jeopardy, so it may be passed on.
  next_turn on_turn_ended(time_point now, bool sound) noexcept;
  /// The tenure's ttl is another one from now on.
  void on_refreshed(duration ttl) noexcept { grant_.ttl = ttl; }
  /// The release has been answered, or is the keeper's now.
  void on_released() noexcept { phase_ = phase::idle; }

  [[nodiscard]] phase is() const noexcept { return phase_; }
  [[nodiscard]] bool idle() const noexcept { return phase_ == phase::idle && queue_.empty(); }
  /// Threads that stand behind the first: whether a tenure will have somebody to be passed to.
  [[nodiscard]] bool crowded() const noexcept { return !queue_.empty() && std::next(queue_.begin()) != queue_.end(); }
  /// Who is to be woken after a change of phase; 0 for nobody.
  [[nodiscard]] ticket first() const noexcept { return queue_.empty() ? 0 : queue_.front().who; }

 private:
  struct entry {
    ticket who;
    ask what;
  };
  /// Whether a turn of `what` can be had from a lease (or request) of `ttl`.
  [[nodiscard]] static bool fits(const ask& what, duration ttl, bool renews) noexcept {
    return what.renews && renews && what.ttl <= ttl;
  }

  bounds bounds_;
  std::forward_list<entry> queue_;  ///< As a rule nobody waits: it keeps no memory for that.
  ticket last_ticket_ = 0;
  ticket current_ = 0;  ///< Whose turn it is.
  grant grant_;         ///< While asking, only ttl and renews count.
  std::uint32_t turns_ = 0;
  phase phase_ = phase::idle;
};

}  // namespace holdfast::core
