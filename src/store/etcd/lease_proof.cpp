#include "store/etcd/lease_proof.hpp"

#include <algorithm>

namespace holdfast::etcd {
namespace {

bool same_reign(const header& a, const header& b) noexcept { return a.member == b.member && a.term == b.term; }

}  // namespace

void lease_proof::on_renewed(const mark& before, const header& from, time_point sent) noexcept {
  seen_ = from;
  if (sent < tried_) return;  // A later one was answered first.
  tried_ = sent;
  open_ = same_reign(before.seen, from);
  renewed_by_ = from;
  ++renewals_;
}

void lease_proof::on_answer(const mark& before, const header& from) noexcept {
  seen_ = from;
  if (!open_ || before.renewals != renewals_ || !same_reign(renewed_by_, from)) return;
  confirmed_ = std::max(confirmed_, tried_);
  open_ = false;
}

}  // namespace holdfast::etcd
