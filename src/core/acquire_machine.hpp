#pragma once

#include <cstdint>

#include "core/store.hpp"
#include "holdfast/clock.hpp"
#include "holdfast/status.hpp"

namespace holdfast::core {

/// Decides how one tenure is got from the store: what to send, when to look again, what to undo. Does no I/O and reads
/// no clock: its driver carries out each step and feeds back what came of it. Not thread-safe.
///
///     step s = machine.start(now);
///     while (s.what != todo::finish) s = machine.on_...(carry out s, now);
class acquire_machine {
 public:
  struct settings {
    bool wait = true;
    /// How long a waiter bears with a store that gives no usable answer.
    duration patience{};
  };

  enum class todo : std::uint8_t {
    send_acquire,   ///< then on_answer
    send_claim,     ///< then on_answer
    send_withdraw,  ///< then on_withdrawn
    pause,          ///< until `until`, a hint, or the driver's wish to stop: then on_time, on_hint or give_up
    finish,         ///< see end()
  };
  struct step {
    todo what = todo::finish;
    time_point until{};
    /// With send_acquire: as a new tenure, under a new owner id.
    bool new_owner = false;
  };

  enum class ending : std::uint8_t { granted, busy, given_up, failed };
  struct outcome {
    ending is = ending::failed;
    std::uint64_t token = 0;
    duration ttl{};
    time_point sent{};
    /// Something of this owner may still be in the store, or on the way to it: withdraw until it can't be.
    bool leftover = false;
    status why;  ///< With `failed`; with `busy` if there is more to say.
  };

  explicit acquire_machine(settings how) noexcept : how_{how} {}

  step start(time_point now);
  step on_answer(const turn_answer& answer, time_point now);
  step on_withdrawn(const withdraw_answer& answer, time_point now);
  /// The store hinted that it may be this request's turn.
  step on_hint(time_point now);
  /// `until` of the pause has come.
  step on_time(time_point now);
  /// The driver no longer wants it (its timeout, its stop_token). Only in place of carrying out a step.
  step give_up(time_point now);

  [[nodiscard]] const outcome& end() const noexcept { return end_; }
  /// What the store's last failure was, since its last good answer (or what that says of the wait). Who runs out of time
  /// because of it says so.
  [[nodiscard]] const status& trouble() const noexcept { return trouble_; }
  /// Whether a ticket stands in the store, as far as is known: it needs heartbeats.
  [[nodiscard]] bool queued() const noexcept { return queued_; }

 private:
  step granted(const turn_answer& answer, time_point now);
  step failed(const turn_answer& answer, time_point now);
  step undo(ending then, status why);
  step finish(ending how, status why, bool leftover);

  settings how_;
  outcome end_;
  status trouble_;
  time_point last_contact_{};
  unsigned failures_ = 0;
  bool contacted_ = false;  ///< The store has answered this request at least once.
  bool queued_ = false;
  bool may_be_there_ = false;  ///< An acquire was sent and nothing proves that it left no trace.
  bool start_over_ = false;    ///< After the undo, begin anew as another tenure (a grant came too late).
};

}  // namespace holdfast::core
