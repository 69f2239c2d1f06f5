#include "store/postgres/store.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "core/guarded.hpp"
#include "holdfast/version.hpp"
#include "store/postgres/housekeeper.hpp"
#include "store/postgres/inside.hpp"
#include "store/postgres/listener.hpp"
#include "store/postgres/schema.hpp"
#include "store/postgres/session_store.hpp"
#include "store/sql/pace.hpp"

namespace holdfast::postgres {
namespace {

class postgres_store final : public core::store {
 public:
  postgres_store(options with, const core::store_options& how)
      : inside_{std::make_shared<inside>(std::move(with), how)}, listener_{inside_}, housekeeper_{inside_} {}

  core::store_traits traits() const noexcept override {
    core::store_traits traits;
    traits.claim_window = sql::claim_window;
    traits.heartbeat_every = sql::heartbeat_every;
    return traits;
  }

  void on_turn(turn_callback callback) override { listener_.set(std::move(callback)); }

  status ping(time_point by) override {
    return guarded([&] { inside_->verbs.check(by); });
  }

  core::turn_answer acquire(const core::request& what, bool wait, time_point by) override {
    if (what.mode != core::lock_mode::exclusive || what.capacity != 1) {
      core::turn_answer answer;
      answer.why = {errc::unsupported, inside_->at.with().shown +
                                           ": this store keeps exclusive locks only, no shared ones nor semaphores"};
      return answer;
    }
    bool known = false;
    auto answer = ask(what, [&] { return inside_->verbs.acquire(what, wait, by, known); });
    if (answer.is == core::turn_answer::outcome::granted && !known) housekeeper_.granted(what);
    return answer;
  }

  core::turn_answer claim(const core::request& what, time_point by) override {
    return ask(what, [&] { return inside_->verbs.claim(what, by); });
  }

  core::renew_answer renew(std::span<const core::lease_ref> leases, std::span<core::renew_verdict> verdicts,
                           time_point by) override {
    core::renew_answer answer;
    if (leases.empty()) return answer;
    std::fill(verdicts.begin(), verdicts.end(), core::renew_verdict::unknown);
    auto why = guarded([&] { answer = inside_->verbs.renew(leases, verdicts, by); });
    if (!why.ok()) answer.why = std::move(why);
    return answer;
  }

  status heartbeat(std::span<const core::waiter_ref> waiters, std::span<core::wait_verdict> verdicts,
                   time_point by) override {
    if (waiters.empty()) return {};
    std::fill(verdicts.begin(), verdicts.end(), core::wait_verdict::unknown);
    return guarded([&] { inside_->verbs.heartbeat(waiters, verdicts, by); });
  }

  core::release_answer release(const core::lease_ref& what, time_point by) override {
    core::release_answer answer;
    bool unknown = false;
    auto why = guarded([&] { answer = inside_->verbs.release(what, by); }, &unknown);
    if (!why.ok()) {
      answer.is = core::release_answer::outcome::failed;
      answer.why = std::move(why);
      answer.unknown = unknown;
    }
    return answer;
  }

  core::withdraw_answer withdraw(const core::waiter_ref& what, time_point by) override {
    listener_.waits_no_more(what.owner);
    core::withdraw_answer answer;
    answer.why = guarded([&] { answer = inside_->verbs.withdraw(what, by); });
    return answer;
  }

  status inspect(std::string_view resource, resource_view& view, time_point by) override {
    return guarded([&] { view = inside_->verbs.inspect(resource, by); });
  }

  status list(std::string_view prefix, std::string_view cursor, std::size_t limit, resource_page& page,
              time_point by) override {
    return guarded([&] { page = inside_->verbs.list(prefix, cursor, limit, by); });
  }

  status break_lease(std::string_view resource, std::optional<std::uint64_t> token, std::optional<core::owner_id> owner,
                     time_point by) override {
    if (!token && !owner) return {errc::invalid_argument, "breaking a lease takes its token or its owner"};
    bool broken = false;
    auto why = guarded([&] { broken = inside_->verbs.break_lease(resource, token, owner, by); });
    if (!why.ok() || broken) return why;
    return {errc::not_held, "no such lease on '" + std::string{resource} + "': it is over, or never was"};
  }

  status schema(std::string& text) const override {
    text = schema_script(inside_->at.with().table);
    return {};
  }

  status clean_up(std::string& cursor, std::uint64_t& forgotten, time_point by) override {
    return guarded([&] { clean_up_by_hand(*inside_, cursor, forgotten, by); });
  }

 private:
  template <class Body>
  core::turn_answer ask(const core::request& what, Body&& body) {
    core::turn_answer answer;
    bool unknown = false;
    auto why = guarded([&] { answer = body(); }, &unknown);
    if (!why.ok()) {
      answer = {};
      answer.why = std::move(why);
      // An earlier attempt's answer may have been lost, and then no connection have been had for another.
      answer.unknown = unknown || !inside_->at.losses().of(what.owner).empty();
    } else if (answer.is == core::turn_answer::outcome::queued) {
      listener_.waits(what, answer.position);
    } else {
      listener_.waits_no_more(what.owner);
    }
    return answer;
  }

  template <class Body>
  status guarded(Body&& body, bool* unknown = nullptr) {
    return core::guarded<failure>(inside_->at.with().shown, std::forward<Body>(body), unknown);
  }

  const std::shared_ptr<inside> inside_;
  listener listener_;
  housekeeper housekeeper_;
};

status open_module(const core::url& where, const core::store_options& how,
                   std::unique_ptr<core::store>& made) noexcept {
  return core::open_without_throwing(made, [&]() -> std::unique_ptr<core::store> {
    options with{where};
    if (with.lock == lock_kind::session) return make_session_store(std::move(with), how);
    return std::make_unique<postgres_store>(std::move(with), how);
  });
}

constexpr core::store_module module{HOLDFAST_VERSION_STRING, open_module};

}  // namespace
}  // namespace holdfast::postgres

const holdfast::core::store_module* holdfast_store_postgres() noexcept { return &holdfast::postgres::module; }
