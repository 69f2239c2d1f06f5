#include "store/memory/store.hpp"

#include <algorithm>
#include <utility>

#include "holdfast/version.hpp"
#include "store/memory/place.hpp"

namespace holdfast::memory {

namespace {

/// Turns verbs into calls of the shared model. `by` is passed over: nothing here takes time.
class memory_store final : public core::store {
 public:
  memory_store(const std::string& name, std::shared_ptr<const clock> time)
      : time_{std::move(time)},
        place_{find_place(name, time_->now())},
        listener_{std::make_shared<listener>()},
        session_{place_->join(listener_)} {}

  ~memory_store() override {
    place_->leave(session_);
    listener_->stop();
  }

  core::store_traits traits() const noexcept override {
    core::store_traits traits;
    traits.claim_window = paces{}.claim_window;
    traits.heartbeat_every = paces{}.heartbeat_every;
    return traits;
  }

  void on_turn(turn_callback callback) override { listener_->set(std::move(callback)); }

  status ping(time_point) override { return {}; }

  core::turn_answer acquire(const core::request& what, bool wait, time_point) override {
    const auto sent = time_->now();
    auto answer =
        place_->carry_out(*time_, [&](model& m, time_point now) { return m.acquire(what, wait, session_, now); });
    answer.sent = sent;
    return answer;
  }

  core::turn_answer claim(const core::request& what, time_point) override {
    const auto sent = time_->now();
    auto answer = place_->carry_out(*time_, [&](model& m, time_point now) { return m.claim(what, now); });
    answer.sent = sent;
    return answer;
  }

  core::renew_answer renew(std::span<const core::lease_ref> leases, std::span<core::renew_verdict> verdicts,
                           time_point) override {
    const auto sent = time_->now();
    return place_->carry_out(*time_, [&](model& m, time_point now) {
      std::transform(leases.begin(), leases.end(), verdicts.begin(),
                     [&](const core::lease_ref& lease) { return m.renew(lease, now); });
      return core::renew_answer{sent, {}};
    });
  }

  status heartbeat(std::span<const core::waiter_ref> waiters, std::span<core::wait_verdict> verdicts,
                   time_point) override {
    return place_->carry_out(*time_, [&](model& m, time_point now) {
      m.heartbeat(waiters, verdicts, now);
      return status{};
    });
  }

  core::release_answer release(const core::lease_ref& what, time_point) override {
    return place_->carry_out(*time_, [&](model& m, time_point now) { return m.release(what, now); });
  }

  core::withdraw_answer withdraw(const core::waiter_ref& what, time_point) override {
    return place_->carry_out(*time_, [&](model& m, time_point now) { return m.withdraw(what, now); });
  }

  status inspect(std::string_view resource, resource_view& view, time_point) override {
    view = place_->carry_out(*time_, [&](model& m, time_point now) { return m.inspect(resource, now); });
    return {};
  }

  status list(std::string_view prefix, std::string_view cursor, std::size_t limit, resource_page& page,
              time_point) override {
    page = place_->carry_out(*time_, [&](model& m, time_point now) { return m.list(prefix, cursor, limit, now); });
    return {};
  }

  status break_lease(std::string_view resource, std::optional<std::uint64_t> token, std::optional<core::owner_id> owner,
                     time_point) override {
    return place_->carry_out(*time_,
                             [&](model& m, time_point now) { return m.break_lease(resource, token, owner, now); });
  }

 private:
  const std::shared_ptr<const clock> time_;
  const std::shared_ptr<place> place_;
  const std::shared_ptr<listener> listener_;
  const session_id session_;
};

status open(const core::url& where, const core::store_options& options, std::unique_ptr<core::store>& made) noexcept {
  return core::open_without_throwing(made, [&] {
    if (where.has_authority || !where.query.empty())
      throw error{status{errc::invalid_argument,
                         "malformed store URL '" + where.shown + "': it is memory: or memory:NAME, with nothing else"}};
    return std::make_unique<memory_store>(where.path, options.time);
  });
}

constexpr core::store_module module{HOLDFAST_VERSION_STRING, open};

}  // namespace

}  // namespace holdfast::memory

const holdfast::core::store_module* holdfast_store_memory() noexcept { return &holdfast::memory::module; }
