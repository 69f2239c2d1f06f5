#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "store/etcd/one_at_a_time.hpp"
#include "store/etcd/session.hpp"
#include "store/etcd/transport.hpp"

namespace holdfast::etcd {

/// A client's leases: one for each ttl, which all its renewed locks of that ttl share; one for all its waiters, which is
/// short, so that the dead are soon out of the way; and single ones. Thread-safe.
class sessions {
 public:
  explicit sessions(transport& with) : with_{with} {}

  /// A session fit for a grant now: made, or renewed, where it was not. Throws failure.
  std::shared_ptr<session> for_holding(duration ttl, bool shared, time_point by);
  std::shared_ptr<session> for_waiting(time_point by);
  /// The waiters' session, if there is one; after an outage etcd may know it still.
  std::shared_ptr<session> waiting();
  /// Renews if that is due; the next answer that proves it (session::on_answer) makes it count. False: it is over.
  bool freshen(session& which, time_point by);
  /// Asks etcd whether it is still there. False: it is over.
  bool renew(session& which, time_point by);
  void drop(const std::shared_ptr<session>& which);
  /// Those that nothing hangs on any more, taken out.
  std::vector<std::shared_ptr<session>> take_idle();

  static std::int64_t whole_seconds(duration ttl);
  static constexpr std::int64_t waiting_seconds = 3;

 private:
  std::shared_ptr<session> make(std::int64_t seconds, session::use what_for, time_point by);

  transport& with_;
  std::mutex mutex_;
  one_at_a_time making_;                                     ///< So that threads that start together make one.
  std::map<std::int64_t, std::shared_ptr<session>> shared_;  // guarded by mutex_
  std::shared_ptr<session> waiting_;                         // guarded by mutex_
};

}  // namespace holdfast::etcd
