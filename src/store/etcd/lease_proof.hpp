#pragma once

#include <cstdint>

#include "store/etcd/values.hpp"

namespace holdfast::etcd {

/// Decides since when one of etcd's leases is known to have been renewed. A renewal is answered by whichever member
/// takes itself for the leader: cut off from the others, it may be one that was replaced long ago, and what it renews
/// runs out all the same. So the answer counts only once something that took a quorum was answered after it by
/// the same member in the same term, the term in which that member already was before the renewal was sent: then
/// the leader that renewed was the leader still. Does no I/O and reads no clock. Not thread-safe.
class lease_proof {
 public:
  /// What stands when something is sent; its answer is judged by it.
  struct mark {
    header seen;
    std::uint64_t renewals = 0;
  };

  /// A grant takes a quorum by itself.
  lease_proof(const header& from, time_point sent) noexcept : seen_{from}, confirmed_{sent}, tried_{sent} {}

  [[nodiscard]] mark before_sending() const noexcept { return {seen_, renewals_}; }
  /// A renewal that was sent at `sent`, after `before`, was answered.
  void on_renewed(const mark& before, const header& from, time_point sent) noexcept;
  /// What was sent after `before`, and took a quorum and the lease's being there, was answered.
  void on_answer(const mark& before, const header& from) noexcept;

  /// The lease lasts its ttl from here, at the least.
  [[nodiscard]] time_point confirmed() const noexcept { return confirmed_; }
  /// When the last renewal was sent that was answered at all.
  [[nodiscard]] time_point tried() const noexcept { return tried_; }

 private:
  header seen_;  ///< The last answer.
  time_point confirmed_;
  time_point tried_;
  header renewed_by_;
  std::uint64_t renewals_ = 0;
  bool open_ = false;  ///< A renewal awaits its proof.
};

}  // namespace holdfast::etcd
