#include "core/client_core.hpp"

#include <algorithm>
#include <system_error>
#include <utility>

#include "core/dispatcher.hpp"
#include "core/fork_generation.hpp"
#include "core/registry.hpp"
#include "core/resource.hpp"
#include "core/system_clock.hpp"
#include "core/watchdog.hpp"

namespace holdfast::core {

std::shared_ptr<client_core> client_core::open(std::string_view url, client_options options) {
  std::shared_ptr<client_core> made{new client_core{url, std::move(options)}, [](client_core* core) {
                                      if (!core->forked()) delete core;
                                    }};
  made->begin();
  return made;
}

client_core::client_core(std::string_view text, client_options options)
    : forks_{fork_generation()}, options_{std::move(options)} {
  const auto positive = [](duration span, const char* name) {
    if (span <= duration::zero() || span > longest_ttl)
      throw error{{errc::invalid_argument, std::string{name} + " must be more than 0 and at most a year"}};
  };
  positive(options_.command_timeout, "command_timeout");
  positive(options_.connect_timeout, "connect_timeout");
  real_time_ = options_.clock == nullptr;
  clock_ = real_time_ ? system_clock() : options_.clock;
  const url where = url::parse(text);
  shown_url_ = where.shown;
  const auto warn = [observer = options_.observer](const status& why) {
    dispatcher::instance().tell(observer, {.kind = event_kind::store_warning, .why = why});
  };
  store_ = open_store(where, {.command_timeout = options_.command_timeout,
                              .connect_timeout = options_.connect_timeout,
                              .time = clock_,
                              .warn = warn});
  traits_ = store_->traits();
}

void client_core::begin() {
  // The store's and the keeper's threads may outlive this object by a moment.
  const std::weak_ptr<client_core> self = weak_from_this();
  const auto hint_self = [self](const owner_id& owner) {
    if (const auto core = self.lock()) core->hint(owner);
  };
  store_->on_turn(hint_self);
  store_->on_loss([self](const owner_id& owner, const status& why) {
    if (const auto core = self.lock()) core->lose(owner, why);
  });
  const auto failed = [observer = options_.observer](const status& why) {
    dispatcher::instance().tell(observer, {.kind = event_kind::store_failed, .why = why});
  };
  keeper_ = std::make_unique<keeper>(keeper::surroundings{.at = store_,
                                                          .time = clock_,
                                                          .command_timeout = options_.command_timeout,
                                                          .traits = traits_,
                                                          .store_failed = failed,
                                                          .hint = hint_self});
}

client_core::~client_core() = default;

std::size_t name_hash::operator()(const resource* what) const noexcept { return (*this)(what->name()); }
bool same_name::operator()(const resource* a, const resource* b) const noexcept { return a->name() == b->name(); }
bool same_name::operator()(const resource* a, std::string_view b) const noexcept { return a->name() == b; }

bool client_core::forked() const noexcept { return forks_ != fork_generation(); }

status client_core::usable() const noexcept {
  if (forked()) return {errc::forked, "this client belongs to the process that forked this one: make a new client"};
  if (closed()) return {errc::closed, "the client of " + shown_url_ + " was closed"};
  return {};
}

time_point client_core::in_boot_time(time_point when) const noexcept {
  return real_time_ ? when : boot_clock::now() + clock_->sleep_until(when);
}

status client_core::located(const status& why, std::string_view resource) const {
  if (why.ok()) return why;
  if (why.message().starts_with(shown_url_) && resource.empty()) return why;
  // Stores begin with where it happened, too: once is enough.
  const std::string told =
      why.message().starts_with(shown_url_ + ": ") ? why.message().substr(shown_url_.size() + 2) : why.message();
  std::string message = shown_url_;
  if (!resource.empty()) message.append(": resource '").append(resource).append("'");
  return {static_cast<errc>(why.code().value()), message.append(": ").append(told)};
}

std::shared_ptr<resource> client_core::resource_of(std::string_view name) {
  std::shared_ptr<resource> made;  // Goes after the lock, which its destructor takes.
  const std::lock_guard lock{resources_mutex_};
  const auto known = resources_.find(name);
  if (known != resources_.end()) {
    if (auto alive = (*known)->weak_from_this().lock()) return alive;
    resources_.erase(known);  // Dying on another thread.
  }
  made = std::make_shared<resource>(std::string{name}, *this);
  resources_.insert(made.get());
  return made;
}

void client_core::forget(const resource& what) noexcept {
  const std::lock_guard lock{resources_mutex_};
  const auto known = resources_.find(what.name());
  if (known != resources_.end() && *known == &what) resources_.erase(known);
}

std::vector<std::shared_ptr<resource>> client_core::resources() {
  std::vector<std::shared_ptr<resource>> alive;
  const std::lock_guard lock{resources_mutex_};
  for (auto* each : resources_)
    if (auto one = each->weak_from_this().lock()) alive.push_back(std::move(one));
  return alive;
}

void client_core::look_after(tenure& what) {
  watchdog::instance().watch(what, what.on_watch());
  keeper_->keep(what);
}

void client_core::stand_down(tenure& what) noexcept {
  watchdog::instance().forget(what);
  keeper_->forget(what);
}

status client_core::refresh(tenure& what, duration ttl) noexcept {
  const auto look_again = [&what] {
    const time_point look = what.on_watch();
    if (look != time_point::max() && !what.finished()) watchdog::instance().watch(what, look);
  };
  if (!traits_.changes_ttl) {
    if (ttl != what.ttl() && ttl != what.asked_ttl())
      return located({errc::unsupported, "refresh() to another ttl than the lock was made with is not possible here"},
                     what.name());
    ttl = what.ttl();
  }
  if (!keeper_->borrow(what, ttl)) return {errc::not_held, "the lease on '" + what.name() + "' is lost"};
  look_again();  // A shorter ttl counts from now on, whatever becomes of the answer.
  const time_point sent = now();
  const lease_ref lease{what.name(), what.owner(), ttl, what.token()};
  renew_verdict verdict = renew_verdict::unknown;
  const auto answer = store_->renew({&lease, 1}, {&verdict, 1}, verb_limit());
  status result;
  switch (verdict) {
    case renew_verdict::renewed:
      what.on_renewed(answer.sent, ttl);
      if (!what.held()) result = {errc::not_held, "the renewal of '" + what.name() + "' came after its deadline"};
      break;
    case renew_verdict::lost:
      result = {errc::not_held, "the store says that the lease on '" + what.name() + "' is not held any more"};
      what.lose(result);
      break;
    case renew_verdict::unknown:
      what.on_renewal_unknown(sent, ttl);
      result = located(answer.why.ok() ? status{errc::outcome_unknown} : answer.why, what.name());
      break;
  }
  look_again();
  keeper_->give_back(what);
  return result;
}

void client_core::begin_waiting(const owner_id& owner, const std::shared_ptr<resource>& on) {
  const std::lock_guard lock{waiting_mutex_};
  waiting_.emplace(owner, on);
}

void client_core::end_waiting(const owner_id& owner) noexcept {
  {
    const std::lock_guard lock{waiting_mutex_};
    waiting_.erase(owner);
  }
  keeper_->end_waiting(owner);
}

void client_core::hint(const owner_id& owner) noexcept {
  std::vector<std::shared_ptr<resource>> told;
  {
    const std::lock_guard lock{waiting_mutex_};
    if (owner.nil()) {
      for (const auto& [id, weak] : waiting_)
        if (auto one = weak.lock()) told.push_back(std::move(one));
    } else if (const auto known = waiting_.find(owner); known != waiting_.end()) {
      if (auto one = known->second.lock()) told.push_back(std::move(one));
    }
  }
  for (const auto& each : told) each->hint();
}

void client_core::lose(const owner_id& owner, const status& why) noexcept {
  for (const auto& each : resources()) each->lose(owner, why);
}

status client_core::close(duration within) noexcept {
  if (forked()) return usable();
  const time_point until = boot_clock::now() + within;
  if (closed_.exchange(true, std::memory_order_acq_rel)) return {};
  const auto open_resources = resources();
  for (const auto& each : open_resources) each->wake_all();
  bool clean = true;
  for (const auto& each : open_resources) clean = each->close(*this, until) && clean;
  const duration left = std::max<duration>(until - boot_clock::now(), duration::zero());
  if (keeper_->drain(left) && clean) return {};
  return located({errc::timed_out, "the store did not confirm every release in time; leases run out by themselves"});
}

void client_core::tell(event what) const noexcept { dispatcher::instance().tell(options_.observer, std::move(what)); }

}  // namespace holdfast::core
