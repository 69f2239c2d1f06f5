#pragma once

#include <string>

#include "holdfast/clock.hpp"
#include "holdfast/export.hpp"
#include "holdfast/fencing_token.hpp"
#include "holdfast/status.hpp"

namespace holdfast {

/// What an observer hears of.
enum class event_kind {
  acquired,        ///< A turn began.
  released,        ///< A turn ended by its holder's wish, and the store confirmed it or took the next turn.
  jeopardy,        ///< Half the ttl passed without a renewal that succeeded; the lease may soon be lost.
  recovered,       ///< A renewal succeeded after jeopardy.
  lost,            ///< The lease is over without its holder's wish.
  release_failed,  ///< A release could not be confirmed yet; the keeper goes on trying until the lease runs out.
  store_failed,    ///< A background call to the store failed (a renewal, a heartbeat, a release).
  store_warning,   ///< The store's settings weaken a promise; the message says which and how to mend it.
};

/// One event. `why` holds the reason where there is one.
struct event {
  event_kind kind{};
  std::string resource;  ///< Empty when the event is about the store.
  fencing_token token;   ///< 0 when there is none.
  status why;
};

/// Hears what happens to a client's leases. `on` is called on one thread per process, the dispatcher, one event at a
/// time and in order; what it does delays other observers and `lost` callbacks, never a renewal nor a deadline.
class HOLDFAST_EXPORT observer {
 public:
  virtual ~observer();
  virtual void on(const event& what) noexcept = 0;
  /// Whether events of this kind are wanted at all. Asked on whatever thread it happens on, so it must be quick and
  /// thread-safe; one that is not wanted costs nothing, not even the dispatcher's thread.
  [[nodiscard]] virtual bool wants(event_kind kind) const noexcept;
};

}  // namespace holdfast
