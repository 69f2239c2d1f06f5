#include "core/tenure.hpp"

#include <mutex>
#include <utility>

#include "core/client_core.hpp"
#include "core/dispatcher.hpp"
#include "core/resource.hpp"
#include "core/turn.hpp"

namespace holdfast::core {

tenure::tenure(std::shared_ptr<client_core> of, std::shared_ptr<resource> on, const grant& what)
    : client_{std::move(of)},
      resource_{std::move(on)},
      owner_{what.owner},
      token_{what.token},
      asked_ttl_{what.asked},
      machine_{what.sent, what.ttl, what.renews},
      deadline_{machine_.deadline().time_since_epoch().count()} {}

const std::string& tenure::name() const noexcept { return resource_->name(); }

time_point tenure::now() const noexcept { return client_->now(); }

void tenure::begin_turn(const std::shared_ptr<turn>& next) {
  const std::lock_guard lock{mutex_};
  turn_ = next;
  if (lost_.load(std::memory_order_acquire))
    tell_lost({errc::not_held, "the lease on '" + name() + "' was lost as it was passed on"});
}

bool tenure::held() const noexcept {
  return !lost_.load(std::memory_order_acquire) && !finished() && now() < deadline();
}

bool tenure::in_jeopardy() const noexcept {
  const std::lock_guard lock{mutex_};
  lease_machine seen = machine_;
  return seen.on_time(now()) != lease_machine::state::held;
}

duration tenure::counted_ttl() const noexcept {
  const std::lock_guard lock{mutex_};
  return machine_.counted();
}

duration tenure::ttl() const noexcept {
  const std::lock_guard lock{mutex_};
  return machine_.ttl();
}

bool tenure::over() noexcept {
  if (machine_.on_time(now()) != lease_machine::state::lost) return false;
  tell_lost({errc::not_held, "the lease on '" + name() + "' ran out at " + client_->shown_url() +
                                 ": no renewal succeeded before its deadline"});
  return true;
}

time_point tenure::on_watch() noexcept {
  const std::lock_guard lock{mutex_};
  const auto before = machine_.is();
  if (finished() || over()) return time_point::max();
  if (machine_.is() != before)
    client_->tell({.kind = event_kind::jeopardy, .resource = name(), .token = fencing_token{token_}, .why = {}});
  return machine_.look_at();
}

std::optional<time_point> tenure::renew_at() const noexcept {
  const std::lock_guard lock{mutex_};
  return finished() ? std::nullopt : machine_.renew_at();
}

bool tenure::begin_renewal(duration ttl) noexcept {
  const std::lock_guard lock{mutex_};
  if (finished() || over()) return false;
  machine_.on_renewal_sent(now(), ttl);
  deadline_.store(machine_.deadline().time_since_epoch().count(), std::memory_order_release);
  return true;
}

void tenure::on_renewed(time_point sent, duration ttl) noexcept {
  const std::lock_guard lock{mutex_};
  if (over()) return;
  const bool recovers = machine_.is() == lease_machine::state::jeopardy;
  machine_.on_renewed(sent, ttl, now());
  deadline_.store(machine_.deadline().time_since_epoch().count(), std::memory_order_release);
  if (recovers && !finished())
    client_->tell({.kind = event_kind::recovered, .resource = name(), .token = fencing_token{token_}, .why = {}});
}

void tenure::on_renewal_unknown(time_point sent, duration ttl) noexcept {
  const std::lock_guard lock{mutex_};
  machine_.on_renewal_unknown(sent, ttl, now());
  deadline_.store(machine_.deadline().time_since_epoch().count(), std::memory_order_release);
}

void tenure::lose(status why) noexcept {
  const std::lock_guard lock{mutex_};
  machine_.on_refused();
  tell_lost(std::move(why));
}

void tenure::tell_lost(status why) noexcept {
  lost_.store(true, std::memory_order_release);
  const auto current = turn_.lock();
  if (!current || finished() || current->ended() || std::exchange(current->told_, true)) return;
  if (current->lost_) dispatcher::instance().post([source = *current->lost_]() mutable { source.request_stop(); });
  client_->tell({.kind = event_kind::lost, .resource = name(), .token = current->token(), .why = std::move(why)});
}

void tenure::finish() noexcept {
  {
    const std::lock_guard lock{mutex_};
    finished_.store(true, std::memory_order_release);
  }
  client_->stand_down(*this);
}

std::stop_token turn::lost() const {
  const std::lock_guard lock{tenure_->mutex_};
  if (!lost_) {
    lost_ = std::make_unique<std::stop_source>();
    if (told_) lost_->request_stop();
  }
  return lost_->get_token();
}

}  // namespace holdfast::core
