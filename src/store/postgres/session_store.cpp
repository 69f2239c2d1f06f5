#include "store/postgres/session_store.hpp"

#include <algorithm>
#include <utility>

#include "core/guarded.hpp"
#include "store/postgres/session_book.hpp"
#include "store/postgres/session_pool.hpp"
#include "store/postgres/session_protocol.hpp"
#include "store/sql/pace.hpp"

namespace holdfast::postgres {
namespace {

class session_store final : public core::store {
 public:
  session_store(options with, const core::store_options& how)
      : pool_{std::make_shared<session_pool>(std::move(with), how)}, book_{pool_}, verbs_{*pool_, book_} {}

  core::store_traits traits() const noexcept override {
    core::store_traits traits;
    traits.reserves_tokens = false;  // There is no row that would keep the highest one used.
    traits.outlives_client = false;
    traits.claim_window = sql::claim_window;
    return traits;
  }

  void on_turn(turn_callback callback) override { book_.on_turn(std::move(callback)); }
  void on_loss(loss_callback callback) override { book_.on_loss(std::move(callback)); }

  status ping(time_point by) override {
    return verb([&] { verbs_.check(by); });
  }

  core::turn_answer acquire(const core::request& what, bool wait, time_point by) override {
    if (what.mode == core::lock_mode::exclusive && what.capacity == 1)
      return ask(what, [&] { return verbs_.acquire(what, wait, by); });
    core::turn_answer answer;
    answer.why = {errc::unsupported,
                  shown() + ": this store keeps exclusive locks only, no shared ones nor semaphores"};
    return answer;
  }

  core::turn_answer claim(const core::request& what, time_point by) override {
    return ask(what, [&] { return verbs_.claim(what, by); });
  }

  core::renew_answer renew(std::span<const core::lease_ref> leases, std::span<core::renew_verdict> verdicts,
                           time_point by) override {
    core::renew_answer answer;
    std::fill(verdicts.begin(), verdicts.end(), core::renew_verdict::unknown);
    auto why = verb([&] { answer = verbs_.renew(leases, verdicts, by); });
    if (!why.ok()) answer.why = std::move(why);
    return answer;
  }

  status heartbeat(std::span<const core::waiter_ref> waiters, std::span<core::wait_verdict> verdicts,
                   time_point by) override {
    std::fill(verdicts.begin(), verdicts.end(), core::wait_verdict::unknown);
    return verb([&] {
      for (std::size_t i = 0; i < waiters.size(); ++i) verdicts[i] = verbs_.look(waiters[i], by);
    });
  }

  core::release_answer release(const core::lease_ref& what, time_point by) override {
    core::release_answer answer;
    auto why = verb([&] { answer = verbs_.release(what, by); }, &answer.unknown);
    if (!why.ok()) answer.why = std::move(why);
    return answer;
  }

  core::withdraw_answer withdraw(const core::waiter_ref& what, time_point by) override {
    core::withdraw_answer answer;
    answer.why = verb([&] { answer = verbs_.withdraw(what, by); });
    return answer;
  }

  status inspect(std::string_view resource, resource_view& view, time_point by) override {
    return verb([&] { view = verbs_.inspect(resource, by); });
  }

  status list(std::string_view prefix, std::string_view cursor, std::size_t limit, resource_page& page,
              time_point by) override {
    return verb([&] { page = verbs_.list(prefix, cursor, limit, by); });
  }

  status break_lease(std::string_view resource, std::optional<std::uint64_t> token, std::optional<core::owner_id> owner,
                     time_point by) override {
    if (!token && !owner) return {errc::invalid_argument, "breaking a lease takes its token or its owner"};
    bool broken = false;
    auto why = verb([&] { broken = verbs_.break_lease(resource, token, owner, by); });
    if (!why.ok() || broken) return why;
    return {errc::not_held, "no such lease on '" + std::string{resource} + "': it is over, or never was"};
  }

  status schema(std::string&) const override {
    return {errc::unsupported, shown() + ": advisory locks need no tables: there is nothing to make"};
  }

  status clean_up(std::string&, std::uint64_t&, time_point) override {
    return {errc::unsupported, shown() + ": advisory locks leave nothing behind: there is nothing to clean up"};
  }

 private:
  [[nodiscard]] const std::string& shown() const noexcept { return pool_->with().shown; }

  template <class Body>
  status verb(Body&& body, bool* unknown = nullptr) {
    return core::guarded<failure>(shown(), std::forward<Body>(body), unknown);
  }

  template <class Body>
  core::turn_answer ask(const core::request& what, Body&& body) {
    core::turn_answer answer;
    bool unknown = false;
    auto why = verb([&] { answer = body(); }, &unknown);
    if (why.ok()) return answer;
    answer = {};
    answer.why = std::move(why);
    // It may stand in the queue, though nobody could be asked where.
    answer.unknown = unknown || pool_->lost(what.owner) || book_.knows(what.owner);
    return answer;
  }

  const std::shared_ptr<session_pool> pool_;
  session_book book_;
  session_protocol verbs_;
};

}  // namespace

std::unique_ptr<core::store> make_session_store(options with, const core::store_options& how) {
  return std::make_unique<session_store>(std::move(with), how);
}

}  // namespace holdfast::postgres
