#include "core/resource.hpp"

#include <algorithm>
#include <utility>

#include "core/client_core.hpp"
#include "core/seat.hpp"

namespace holdfast::core {

resource::resource(std::string name, client_core& of) : name_{std::move(name)}, client_{of} {}

resource::~resource() {
  if (!client_.forked()) client_.forget(*this);
}

void resource::wake_all() noexcept {
  const std::lock_guard lock{mutex_};
  for (seat* each : seats_) each->wake.notify_one();
}

void resource::hint() noexcept {
  const std::lock_guard lock{mutex_};
  if (!acquisition_) return;
  acquisition_->hinted = true;
  wake_first();
}

status resource::end(turn& what, time_point by) noexcept {
  guard lock{mutex_};
  if (!what.end()) return {errc::not_held, "the lock on '" + name_ + "' is not held"};
  current_.reset();
  const auto next = gate_.on_turn_ended(client_.now(), what.of().sound() && !client_.closed());
  return next.passes ? pass(lock, what, next) : release(lock, what, by);
}

status resource::pass(guard& lock, turn& what, const gate::next_turn& next) {
  tenure& lease = what.of();
  auto made = std::make_shared<turn>(lease.shared_from_this(), lease.token() + next.offset);
  lease.begin_turn(made);
  current_ = made;
  const auto to = std::find_if(seats_.begin(), seats_.end(), [&](const seat* each) { return each->ticket == next.to; });
  const fencing_token token = made->token();
  (*to)->passed = std::move(made);
  (*to)->wake.notify_one();
  lock.unlock();
  client_.tell({.kind = event_kind::released, .resource = name_, .token = what.token(), .why = {}});
  client_.tell({.kind = event_kind::acquired, .resource = name_, .token = token, .why = {}});
  return {};
}

status resource::release(guard& lock, turn& what, time_point by) noexcept {
  tenure& lease = what.of();
  const bool was_held = lease.held();
  lock.unlock();
  lease.finish();
  const auto answer = client_.at().release({name_, lease.owner(), lease.ttl(), what.token().value()}, by);
  status result;
  if (answer.is == release_answer::outcome::failed) {
    result = client_.located({errc::outcome_unknown, "the release was not confirmed: " + answer.why.message()}, name_);
    client_.undo({.is = keeper::leftover::kind::release,
                  .resource = name_,
                  .owner = lease.owner(),
                  .token = what.token().value(),
                  .until = lease.deadline() + lease.ttl()});
    client_.tell({.kind = event_kind::release_failed, .resource = name_, .token = what.token(), .why = result});
  } else if (!was_held || answer.is == release_answer::outcome::not_held) {
    result = client_.located({errc::not_held, "the lease was lost before it was released"}, name_);
  } else {
    client_.tell({.kind = event_kind::released, .resource = name_, .token = what.token(), .why = {}});
  }
  lock.lock();
  gate_.on_released();
  wake_first();
  return result;
}

status resource::refresh(turn& what, duration ttl) noexcept {
  if (what.ended()) return {errc::not_held, "the lock on '" + name_ + "' is not held"};
  status result = client_.refresh(what.of(), ttl);
  const std::lock_guard lock{mutex_};
  // The tenure may have been passed on meanwhile: it is the lease that has another ttl now, whoever's turn it is.
  if (const auto now = current_.lock(); now && &now->of() == &what.of()) gate_.on_refreshed(what.of().counted_ttl());
  return result;
}

void resource::lose(const owner_id& owner, const status& why) noexcept {
  std::shared_ptr<turn> open;
  {
    const std::lock_guard lock{mutex_};
    open = current_.lock();
  }
  if (open && !open->ended() && open->of().owner() == owner) open->of().lose(client_.located(why, name_));
}

bool resource::close(client_core& client, time_point by) noexcept {
  std::shared_ptr<turn> open;
  {
    const std::lock_guard lock{mutex_};
    open = current_.lock();
  }
  if (!open || open->ended()) return true;
  open->of().lose({errc::closed, "the client was closed"});
  const time_point limit = std::min(by, client.verb_limit());
  return end(*open, limit) != errc::outcome_unknown;
}

}  // namespace holdfast::core
