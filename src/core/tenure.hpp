#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "core/lease_machine.hpp"
#include "core/owner_id.hpp"
#include "core/small_mutex.hpp"
#include "core/store.hpp"
#include "core/timer_heap.hpp"
#include "holdfast/clock.hpp"
#include "holdfast/status.hpp"

namespace holdfast::core {

class client_core;
class resource;
class turn;

/// One lease that the store granted, from the grant to its release or loss. Shared by the keeper (renews it), the
/// watchdog (ends it at its deadline) and the turns that it passes through. Thread-safe.
///
/// Locks are taken in the order: resource, watchdog or keeper, tenure, dispatcher.
class tenure : public std::enable_shared_from_this<tenure> {
 public:
  struct grant {
    owner_id owner;
    std::uint64_t token = 0;
    time_point sent{};
    duration ttl{};    ///< As the store granted it.
    duration asked{};  ///< ... and as it was asked for.
    bool renews = true;
  };

  tenure(std::shared_ptr<client_core> of, std::shared_ptr<resource> on, const grant& what);
  tenure(const tenure&) = delete;
  tenure& operator=(const tenure&) = delete;

  /// From now on `next` is the turn that hears of a loss.
  void begin_turn(const std::shared_ptr<turn>& next);

  /// No lock, no I/O: the clock against the deadline.
  [[nodiscard]] bool held() const noexcept;
  [[nodiscard]] time_point deadline() const noexcept {
    return time_point{duration{deadline_.load(std::memory_order_acquire)}};
  }
  [[nodiscard]] bool in_jeopardy() const noexcept;
  /// Held and not in jeopardy: fit to be passed to another turn.
  [[nodiscard]] bool sound() const noexcept { return held() && !in_jeopardy(); }
  [[nodiscard]] duration counted_ttl() const noexcept;
  [[nodiscard]] duration asked_ttl() const noexcept { return asked_ttl_; }
  [[nodiscard]] const owner_id& owner() const noexcept { return owner_; }
  [[nodiscard]] std::uint64_t token() const noexcept { return token_; }
  [[nodiscard]] const std::string& name() const noexcept;
  [[nodiscard]] const std::shared_ptr<client_core>& client() const noexcept { return client_; }
  [[nodiscard]] const std::shared_ptr<resource>& on() const noexcept { return resource_; }

  /// The watchdog's: what has come by now is done; answers when to look again, max() for never.
  time_point on_watch() noexcept;
  /// When it is to be renewed; nothing while that is under way, not wanted, or of no use.
  [[nodiscard]] std::optional<time_point> renew_at() const noexcept;
  /// The renewal's frame: begin, then one of the others. False if it is no longer to be renewed. One to a shorter ttl
  /// may move the deadline back at once.
  bool begin_renewal(duration ttl) noexcept;
  void on_renewed(time_point sent, duration ttl) noexcept;
  void on_renewal_unknown(time_point sent, duration ttl) noexcept;
  void lose(status why) noexcept;
  [[nodiscard]] duration ttl() const noexcept;

  /// The holder is done with it (or it was given up): no more renewals, no loss is told.
  void finish() noexcept;
  [[nodiscard]] bool finished() const noexcept { return finished_.load(std::memory_order_acquire); }

  timer_hook watch_hook;  // guarded by the watchdog's mutex
  timer_hook renew_hook;  // guarded by the keeper's mutex

 private:
  friend class turn;
  // With mutex_ held:
  /// Whether the lease is lost by now; whoever notices first, tells.
  bool over() noexcept;
  void tell_lost(status why) noexcept;

  [[nodiscard]] time_point now() const noexcept;

  // Destroyed in reverse: the resource leaves the client's map while the client is still there.
  const std::shared_ptr<client_core> client_;
  const std::shared_ptr<resource> resource_;
  const owner_id owner_;
  const std::uint64_t token_;
  const duration asked_ttl_;
  lease_machine machine_;     // guarded by mutex_
  std::weak_ptr<turn> turn_;  // guarded by mutex_
  std::atomic<time_point::rep> deadline_;
  mutable small_mutex mutex_;
  std::atomic<bool> finished_{false};
  std::atomic<bool> lost_{false};
};

}  // namespace holdfast::core
