// The executable model as the store.
#include <algorithm>
#include <utility>

#include "backend.hpp"
#include "store/memory/model.hpp"

namespace holdfast::sim {

namespace {

/// Tokens are microseconds of a wall clock, which stands somewhere in the 2020s.
constexpr std::uint64_t first_token = 1'700'000'000'000'000;

class memory_backend final : public backend {
 public:
  memory_backend(const memory::paces& with, hint_sink sink)
      : model_{time_point{std::chrono::hours{1}}, first_token, with}, sink_{std::move(sink)} {}

  core::turn_answer acquire(session from, const core::request& what, bool wait, time_point now) override {
    return told(model_.acquire(what, wait, from, forward(now)));
  }
  core::turn_answer claim(session, const core::request& what, time_point now) override {
    return told(model_.claim(what, forward(now)));
  }
  core::renew_verdict renew(session, const core::lease_ref& what, time_point now) override {
    return told(model_.renew(what, forward(now)));
  }
  void heartbeat(session, std::span<const core::waiter_ref> waiters, std::span<core::wait_verdict> verdicts,
                 time_point now) override {
    model_.heartbeat(waiters, verdicts, forward(now));
    tell();
  }
  core::release_answer release(session, const core::lease_ref& what, time_point now) override {
    return told(model_.release(what, forward(now)));
  }
  core::withdraw_answer withdraw(session, const core::waiter_ref& what, time_point now) override {
    return told(model_.withdraw(what, forward(now)));
  }
  void break_lease(std::string_view resource, const core::owner_id& owner, time_point now) override {
    (void)told(model_.break_lease(resource, std::nullopt, owner, forward(now)));
  }

  contents look(std::string_view resource, time_point now) override {
    const auto view = model_.inspect(resource, forward(now));
    contents made;
    if (!view.holders.empty()) {
      made.holder = core::owner_id::from_hex(view.holders.front().who.owner);
      made.left = view.holders.front().expires_in;
      made.expires = forward(now) + made.left;
      made.claimed = view.holders.front().claimed;
    }
    for (const auto& w : view.waiters) made.queue.push_back({core::owner_id::from_hex(w.who.owner), w.alive});
    return made;
  }
  std::uint64_t token_for_nothing(time_point) const override { return model_.highest_token() + 1; }
  std::string leftover(std::string_view resource, time_point now) override {
    const auto view = model_.inspect(resource, forward(now));
    return view.holders.empty() && view.waiters.empty() ? "" : "something";
  }

  void keep_snapshot() override { snapshot_ = model_; }
  void restore() override {
    if (snapshot_) model_ = *snapshot_;
  }

 private:
  /// The model's time never goes back (a store whose clock does has to see to that): there, it stands.
  time_point forward(time_point now) { return latest_ = std::max(latest_, now); }
  void tell() {
    for (const auto& h : model_.take_hints()) sink_(h.session, h.owner);
  }
  template <class Answer>
  Answer told(Answer answer) {
    tell();
    return answer;
  }

  memory::model model_;
  std::optional<memory::model> snapshot_;
  time_point latest_{};
  hint_sink sink_;
};

bool befalls(fault what) { return what < fault::first_of_redis; }

std::unique_ptr<backend> open(surroundings with) {
  const auto& how = with.how;
  const memory::paces paces{.claim_window = how.claim_window,
                            .heartbeat_every = how.heartbeat_every,
                            .stale_after = how.stale_after,
                            .forget_after = how.stale_after * 3};
  return std::make_unique<memory_backend>(paces, std::move(with.sink));
}

}  // namespace

const site& tested() {
  static const site it{.name = "memory",
                       .befalls = befalls,
                       .adapt = [](profile&) {},
                       .patience = {},
                       .parts = {},
                       .break_part = [](std::string_view) {},
                       .open = open};
  return it;
}

}  // namespace holdfast::sim
