#pragma once

#include <span>
#include <vector>

#include "core/store.hpp"
#include "store/etcd/doubts.hpp"
#include "store/etcd/sessions.hpp"
#include "store/etcd/tickets.hpp"
#include "store/etcd/transport.hpp"

namespace holdfast::etcd {

/// Renews sessions, proves that the renewal counts, and finds the keys that were deleted behind our back: a few requests
/// for each session, however many locks it has. Throws failure. Thread-safe.
class renewal {
 public:
  renewal(transport& with, sessions& of, tickets& and_of, doubts& about)
      : with_{with}, sessions_{of}, tickets_{and_of}, doubts_{about} {}

  core::renew_answer renew(std::span<const core::lease_ref> leases, std::span<core::renew_verdict> verdicts,
                           time_point by);
  /// Renews it and looks after all that it holds. False: the renewal is not proven.
  bool look_after(session& which, time_point by);
  /// Deletes what is there of owners that have ended (doubts).
  void sweep(time_point by);

 private:
  struct batch;
  bool look_after_alone(session& which, time_point by);
  bool prove(session& which, const lease_proof::mark& before, time_point by);
  void check_all(session& which, time_point since, time_point by);
  void lose_changed(session& which, std::span<const std::pair<core::owner_id, held_key>> asked,
                    const committed& answer);

  transport& with_;
  sessions& sessions_;
  tickets& tickets_;
  doubts& doubts_;
};

}  // namespace holdfast::etcd
