#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/store.hpp"

namespace holdfast::memory {

/// Where a waiter asked from, so that a hint finds its way back: whatever number the caller of `acquire` gives.
using session_id = std::uint64_t;

/// "Look again": for whoever waits as `owner`.
struct hint {
  session_id session = 0;
  core::owner_id owner;
};

/// The paces of a model. Waiters go stale no later than a hand-off to one of them runs out: however many die at the
/// head of a queue, only the first of them costs a claim window, for by its end the others are known to be dead.
struct paces {
  duration claim_window = std::chrono::seconds{2};
  duration heartbeat_every = std::chrono::milliseconds{500};
  duration stale_after = std::chrono::seconds{2};
  duration forget_after = std::chrono::seconds{30};  ///< A stale waiter keeps its place that long, should it come back.
};

/// The store interface (core/store.hpp) carried out in the simplest way that is right: what other stores are compared
/// with. Exclusive locks only. No threads, no clock, no callbacks: each call is told what time it is, and times never
/// go back. A value type: a copy is a snapshot.
class model {
 public:
  /// No token is lower than `first_token` plus the microseconds that passed since `opened`.
  model(time_point opened, std::uint64_t first_token, const paces& with = {});

  core::turn_answer acquire(const core::request& what, bool wait, session_id session, time_point now);
  core::turn_answer claim(const core::request& what, time_point now);
  core::renew_verdict renew(const core::lease_ref& what, time_point now);
  void heartbeat(std::span<const core::waiter_ref> waiters, std::span<core::wait_verdict> verdicts, time_point now);
  core::release_answer release(const core::lease_ref& what, time_point now);
  core::withdraw_answer withdraw(const core::waiter_ref& what, time_point now);
  [[nodiscard]] resource_view inspect(std::string_view name, time_point now) const;
  [[nodiscard]] resource_page list(std::string_view prefix, std::string_view cursor, std::size_t limit,
                                   time_point now) const;
  status break_lease(std::string_view name, std::optional<std::uint64_t> token, std::optional<core::owner_id> owner,
                     time_point now);

  /// Whom the calls since the last `take_hints` handed a resource to.
  [[nodiscard]] std::vector<hint> take_hints();
  /// The highest token given or set aside so far.
  [[nodiscard]] std::uint64_t highest_token() const noexcept { return highest_token_; }
  [[nodiscard]] const paces& pace() const noexcept { return paces_; }

 private:
  struct holder {
    core::owner_id owner;
    std::uint64_t token = 0;
    std::uint32_t reserve = 0;
    time_point since;
    time_point expires;
    bool claimed = true;  ///< False while a hand-off awaits its claim.
    std::string party;
  };
  struct waiter {
    core::owner_id owner;
    std::uint32_t reserve = 0;
    session_id session = 0;
    time_point since;
    time_point seen;
    std::string party;
  };
  struct resource {
    std::optional<holder> held;  ///< Stays when its lease has run out, until somebody else takes the resource.
    std::deque<waiter> queue;    ///< In the order of arrival.
    std::uint64_t last_token = 0;
  };
  using resources = std::map<std::string, resource, std::less<>>;

  resource* find(std::string_view name);
  [[nodiscard]] bool alive(const waiter& who, time_point now) const;
  [[nodiscard]] static bool is_held(const resource& it, time_point now);
  [[nodiscard]] static bool is_held_by(const resource& it, const core::owner_id& owner);
  static waiter* ticket_of(resource& it, const core::owner_id& owner);
  static void drop_ticket(resource& it, const core::owner_id& owner);

  void hand_on(resource& it, time_point now);
  std::uint64_t next_token(resource& it, std::uint32_t reserve, time_point now);
  void grant(resource& it, const core::request& what, time_point now);
  core::turn_answer take_up(resource& it, const core::request& what, time_point now);
  core::turn_answer place(const resource& it, const core::owner_id& owner, time_point now) const;
  void set_free(resource& it, std::uint64_t used_up_to, time_point now);
  void forget_if_idle(std::string_view name, time_point now);
  [[nodiscard]] resource_view view(const std::string& name, const resource& it, time_point now) const;

  paces paces_;
  time_point opened_;
  std::uint64_t first_token_;
  std::uint64_t highest_token_;
  resources resources_;
  std::vector<hint> hints_;
};

}  // namespace holdfast::memory
