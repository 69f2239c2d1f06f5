#include "core/gate.hpp"

#include <chrono>

namespace holdfast::core {

gate::ticket gate::arrive(ask what) {
  auto last = queue_.before_begin();
  for (auto next = queue_.begin(); next != queue_.end(); ++next) last = next;
  queue_.insert_after(last, {++last_ticket_, what});
  return last_ticket_;
}

gate::role gate::role_of(ticket who) const noexcept {
  if (phase_ == phase::held) return current_ == who ? role::turn : role::wait;
  const bool may_drive = phase_ == phase::idle || phase_ == phase::asking;
  return may_drive && first() == who ? role::drive : role::wait;
}

gate::leave_effect gate::leave(ticket who) noexcept {
  const bool drove = phase_ == phase::asking && first() == who;
  const auto left = queue_.remove_if([&](const entry& e) { return e.who == who; });
  if (left == 0) return leave_effect::none;
  if (!drove) return leave_effect::none;
  if (!queue_.empty() && fits(queue_.front().what, grant_.ttl, grant_.renews)) return leave_effect::none;
  phase_ = phase::leaving;
  return leave_effect::withdraw;
}

void gate::on_request_begun(ask what) noexcept {
  phase_ = phase::asking;
  grant_ = {.ttl = what.ttl, .renews = what.renews};
}

void gate::on_request_ended(ticket driver) noexcept {
  if (first() == driver) queue_.pop_front();
  phase_ = phase::idle;
}

void gate::on_granted(ticket driver, const grant& what) noexcept {
  if (first() == driver) queue_.pop_front();
  current_ = driver;
  grant_ = what;
  turns_ = 0;
  phase_ = phase::held;
}

gate::next_turn gate::on_turn_ended(time_point now, bool sound) noexcept {
  current_ = 0;
  const std::uint32_t offset = turns_ + 1;
  // A turn's token must not outrun the store's clock: the store counts tokens in microseconds at the fastest.
  const bool token_is_due = now >= grant_.replied + std::chrono::microseconds{offset};
  const bool passes = sound && !queue_.empty() && offset <= grant_.reserve && token_is_due &&
                      now - grant_.replied < bounds_.longest && fits(queue_.front().what, grant_.ttl, grant_.renews);
  if (!passes) {
    phase_ = phase::releasing;
    return {};
  }
  turns_ = offset;
  current_ = queue_.front().who;
  queue_.pop_front();
  return {.passes = true, .to = current_, .offset = offset};
}

}  // namespace holdfast::core
