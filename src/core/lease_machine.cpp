#include "core/lease_machine.hpp"

#include <algorithm>

#include "core/lease_time.hpp"

namespace holdfast::core {

lease_machine::lease_machine(time_point sent, duration ttl, bool renews) noexcept
    : sent_{sent},
      deadline_{lease_deadline(sent, ttl)},
      renew_at_{sent + renewal_period(ttl)},
      ttl_{ttl},
      renews_{renews} {}

lease_machine::state lease_machine::on_time(time_point now) noexcept {
  if (now >= deadline_) state_ = state::lost;
  if (state_ == state::held && now >= sent_ + jeopardy_after(counted()) && renews_) state_ = state::jeopardy;
  return state_;
}

std::optional<time_point> lease_machine::renew_at() const noexcept {
  if (!renews_ || under_way_ || state_ == state::lost) return std::nullopt;
  return renew_at_;
}

void lease_machine::on_renewal_sent(time_point now, duration ttl) noexcept {
  under_way_ = true;
  if (ttl < ttl_) deadline_ = std::min(deadline_, lease_deadline(now, ttl));
}

void lease_machine::on_renewed(time_point sent, duration ttl, time_point now) noexcept {
  under_way_ = false;
  // An answer that was read after the deadline comes too late, also where nobody has looked at the clock since.
  if (on_time(now) == state::lost) return;
  failures_ = 0;
  ttl_ = ttl;
  if (sent > sent_) sent_ = sent;
  // A refresh to a shorter ttl moves the deadline back: the store has it so.
  deadline_ = lease_deadline(sent_, counted());
  renew_at_ = sent_ + renewal_period(counted());
  state_ = state::held;
}

void lease_machine::on_renewal_unknown(time_point sent, duration ttl, time_point now) noexcept {
  under_way_ = false;
  if (on_time(now) == state::lost) return;
  // Also one for the ttl as it is: it may arrive when the lease has been refreshed to a longer one.
  doubted_ = std::min(doubted_, ttl);
  deadline_ = std::min(deadline_, lease_deadline(sent, counted()));
  // Often enough to try several times before the deadline, seldom enough to leave a struggling store alone.
  const duration pause = std::min(retry_pause(failures_), counted() / 10);
  if (failures_ < 100) ++failures_;
  renew_at_ = now + pause;
}

time_point lease_machine::look_at() const noexcept {
  if (state_ == state::held && renews_) return std::min(sent_ + jeopardy_after(counted()), deadline_);
  return deadline_;
}

}  // namespace holdfast::core
