#include "store/mysql/store.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <new>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/guarded.hpp"
#include "holdfast/version.hpp"
#include "store/mysql/errors.hpp"
#include "store/mysql/hub.hpp"
#include "store/mysql/pace.hpp"
#include "store/mysql/schema.hpp"
#include "store/mysql/settings.hpp"

namespace holdfast::mysql {
namespace {

using outcome = core::turn_answer::outcome;

class mysql_store final : public core::store {
  /// Lets the poller know whom `body(told&)` gave a turn.
  template <class Body>
  auto telling(Body&& body) {
    told next;
    auto made = body(next);
    hub_->waiters().told(next);
    return made;
  }

  template <class Body>
  status guarded(Body&& body, bool* unknown = nullptr) {
    return core::guarded<failure>(hub_->shown(), std::forward<Body>(body), unknown);
  }

 public:
  explicit mysql_store(const settings& to)
      : hub_{hub::of(to)}, me_{std::make_shared<member>(core::owner_id::random())} {}

  ~mysql_store() override {
    hub_->waiters().leave(*me_);
    me_->leave();
  }

  core::store_traits traits() const noexcept override {
    core::store_traits traits;
    traits.claim_window = sql::claim_window;
    // The poller gives the signs of life, for all clients of the process together.
    traits.heartbeat_every = duration::zero();
    return traits;
  }

  void on_turn(turn_callback callback) override { me_->set(std::move(callback)); }

  status ping(time_point by) override {
    return guarded([&] { hub_->run(by, [&](connection& on) { tables().check_rights(on, by); }); });
  }

  core::turn_answer acquire(const core::request& what, bool wait, time_point by) override {
    if (what.mode != core::lock_mode::exclusive || what.capacity != 1) {
      core::turn_answer answer;
      answer.why = {errc::unsupported,
                    hub_->shown() + ": this store keeps exclusive locks only, no shared ones nor semaphores"};
      return answer;
    }
    bool contended = false;
    auto answer = ask(
        what,
        [&](connection& on, told& next) { return tables().acquire(on, me_->id(), what, wait, by, next, contended); },
        by);
    if (contended && answer.is == outcome::granted && what.owner.low() % owners_a_clean_up == 0)
      hub_->waiters().clean_soon();
    return answer;
  }

  core::turn_answer claim(const core::request& what, time_point by) override {
    std::uint32_t place = 0;
    if (!hub_->waiters().may_look(what.owner, place)) return still_waiting(what, place);
    return ask(
        what, [&](connection& on, told& next) { return tables().claim(on, what, by, next); }, by);
  }

  core::renew_answer renew(std::span<const core::lease_ref> leases, std::span<core::renew_verdict> verdicts,
                           time_point by) override;

  status heartbeat(std::span<const core::waiter_ref> waiters, std::span<core::wait_verdict> verdicts,
                   time_point by) override {
    if (waiters.empty()) return {};
    std::fill(verdicts.begin(), verdicts.end(), core::wait_verdict::unknown);
    return guarded([&] {
      hub_->run(by, [&](connection& on) { tables().beat(on, {&me_->id(), 1}, by); });
      for (std::size_t i = 0; i < waiters.size(); ++i)
        verdicts[i] = telling([&](told& next) {
          return hub_->run(by, [&](connection& on) { return tables().look(on, waiters[i], by, next); });
        });
    });
  }

  core::release_answer release(const core::lease_ref& what, time_point by) override {
    core::release_answer answer;
    const auto why = guarded(
        [&] {
          answer = telling([&](told& next) {
            return hub_->run(by, [&](connection& on) { return tables().release(on, what, by, next); });
          });
        },
        &answer.unknown);
    if (!why.ok()) answer.why = why;
    return answer;
  }

  core::withdraw_answer withdraw(const core::waiter_ref& what, time_point by) override {
    core::withdraw_answer answer;
    hub_->waiters().leave(what.owner);
    answer.why = guarded([&] {
      answer.conclusive = telling([&](told& next) {
        return hub_->run(by, [&](connection& on) {
          const bool clear = settle_doubt(on, what.owner, by);
          tables().withdraw(on, what, by, next);
          return clear;
        });
      });
      answer.done = true;
    });
    return answer;
  }

  status inspect(std::string_view resource, resource_view& view, time_point by) override {
    return guarded([&] { view = hub_->run(by, [&](connection& on) { return tables().inspect(on, resource, by); }); });
  }

  status list(std::string_view prefix, std::string_view cursor, std::size_t limit, resource_page& page,
              time_point by) override {
    return guarded(
        [&] { page = hub_->run(by, [&](connection& on) { return tables().list(on, prefix, cursor, limit, by); }); });
  }

  status schema(std::string& text) const override {
    text = schema_script(hub_->names());
    return {};
  }

  status clean_up(std::string& cursor, std::uint64_t& forgotten, time_point by) override {
    return guarded([&] {
      const auto done = hub_->run(
          by, [&](connection& on) { return tables().clean(on, token_margin_by_hand, cleaned_at_once, cursor, by); });
      forgotten += done.forgotten;
      cursor = done.next;
    });
  }

  status break_lease(std::string_view resource, std::optional<std::uint64_t> token, std::optional<core::owner_id> owner,
                     time_point by) override {
    if (!token && !owner) return {errc::invalid_argument, "breaking a lease takes its token or its owner"};
    bool broken = false;
    auto why = guarded([&] {
      broken = telling([&](told& next) {
        return hub_->run(by,
                         [&](connection& on) { return tables().break_lease(on, resource, token, owner, by, next); });
      });
    });
    if (!why.ok() || broken) return why;
    return {errc::not_held,
            hub_->shown() + ": no such lease on '" + std::string{resource} + "': it is over, or never was"};
  }

 private:
  protocol& tables() { return hub_->tables(); }

  template <class Body>
  core::turn_answer ask(const core::request& what, Body&& body, time_point by);
  static core::turn_answer still_waiting(const core::request& what, std::uint32_t place);
  bool settle_doubt(connection& on, const core::owner_id& owner, time_point by);
  void end_stuck_renewal(connection& on, time_point by);

  const std::shared_ptr<hub> hub_;
  const std::shared_ptr<member> me_;
  std::mutex doubts_mutex_;
  /// Requests whose acquire may still arrive, and the connections that carry it.
  std::unordered_map<core::owner_id, std::vector<connection::identity>> doubts_;
  std::atomic<bool> any_doubts_{false};
  std::optional<connection::identity> stuck_renewal_;  // guarded by doubts_mutex_
  std::atomic<time_point> locked_until_{time_point::min()};
};

template <class Body>
core::turn_answer mysql_store::ask(const core::request& what, Body&& body, time_point by) {
  core::turn_answer answer;
  bool unknown = false;
  auto how = guarded(
      [&] {
        answer = telling([&](told& next) {
          return hub_->run(by, [&](connection& on) {
            if (any_doubts_) settle_doubt(on, what.owner, by);
            try {
              return body(on, next);
            } catch (const failure& why) {
              if (why.unknown) {
                const std::lock_guard lock{doubts_mutex_};
                doubts_[what.owner].push_back(on.who());
                any_doubts_ = true;
              }
              throw;
            }
          });
        });
      },
      &unknown);
  if (!how.ok()) {
    answer = {};
    answer.why = std::move(how);
    answer.unknown = unknown;
  } else if (answer.is == outcome::queued) {
    hub_->waiters().enter(me_, what.owner, answer.position, boot_clock::now() + answer.look_again);
  } else {
    hub_->waiters().leave(what.owner);
  }
  return answer;
}

core::turn_answer mysql_store::still_waiting(const core::request& what, std::uint32_t place) {
  constexpr duration soon = std::chrono::milliseconds{500};
  constexpr std::uint64_t spread = 500;
  core::turn_answer answer;
  answer.is = outcome::queued;
  answer.position = place;
  answer.sent = boot_clock::now();
  answer.look_again = soon + std::chrono::milliseconds{what.owner.low() % spread};
  return answer;
}

/// Whether no acquire of `owner` that was sent before can arrive any more: the connections that carried it are gone from
/// the server, which is helped along.
bool mysql_store::settle_doubt(connection& on, const core::owner_id& owner, time_point by) {
  std::vector<connection::identity> carriers;
  {
    const std::lock_guard lock{doubts_mutex_};
    const auto found = doubts_.find(owner);
    if (found == doubts_.end()) return true;
    carriers = found->second;
  }
  // One request is sent by one thread at a time: meanwhile no other carrier is added.
  std::erase_if(carriers, [&](const auto& each) { return on.is_gone(each, tables().texts().connected, by); });
  const std::lock_guard lock{doubts_mutex_};
  const bool clear = carriers.empty();
  if (clear)
    doubts_.erase(owner);
  else
    doubts_[owner] = std::move(carriers);
  any_doubts_ = !doubts_.empty();
  return clear;
}

/// A renewal that was given up goes on in the server for as long as it waits for a lock, and keeps the rows before that
/// one locked.
void mysql_store::end_stuck_renewal(connection& on, time_point by) {
  std::optional<connection::identity> carrier;
  {
    const std::lock_guard lock{doubts_mutex_};
    carrier.swap(stuck_renewal_);
  }
  if (carrier) on.is_gone(*carrier, tables().texts().connected, by);
}

core::renew_answer mysql_store::renew(std::span<const core::lease_ref> leases, std::span<core::renew_verdict> verdicts,
                                      time_point by) {
  constexpr duration remember = std::chrono::seconds{30};
  std::fill(verdicts.begin(), verdicts.end(), core::renew_verdict::unknown);
  core::renew_answer answer;
  answer.sent = time_point::max();
  std::map<duration, std::vector<std::size_t>> by_ttl;
  for (std::size_t i = 0; i < leases.size(); ++i) by_ttl[leases[i].ttl].push_back(i);
  for (auto& [ttl, indices] : by_ttl) {
    std::sort(indices.begin(), indices.end(),
              [&](std::size_t a, std::size_t b) { return leases[a].resource < leases[b].resource; });
    std::vector<const core::lease_ref*> some;
    for (const auto i : indices) some.push_back(&leases[i]);
    std::vector<core::renew_verdict> theirs(some.size(), core::renew_verdict::unknown);
    time_point sent{};
    auto why = guarded([&] {
      const auto body = [&](connection& on) {
        const bool locked = some.size() > 1 && boot_clock::now() < locked_until_.load();
        if (locked) end_stuck_renewal(on, by);
        try {
          return locked ? tables().renew_unlocked(on, some, ttl, theirs, by)
                        : tables().renew(on, some, ttl, theirs, by);
        } catch (const failure& failed) {
          // A row that somebody keeps locked must not keep the others from being renewed the next time.
          locked_until_ = boot_clock::now() + remember;
          const std::lock_guard lock{doubts_mutex_};
          if (failed.unknown) stuck_renewal_ = on.who();
          throw;
        }
      };
      sent = hub_->run(by, body, 1);
    });
    if (!why.ok()) {
      answer.why = std::move(why);
      continue;
    }
    answer.sent = std::min(answer.sent, sent);
    for (std::size_t i = 0; i < some.size(); ++i) verdicts[indices[i]] = theirs[i];
  }
  answer.sent = std::min(answer.sent, boot_clock::now());
  return answer;
}

status open_module(const core::url& where, const core::store_options& options,
                   std::unique_ptr<core::store>& made) noexcept {
  return core::open_without_throwing(made, [&] {
    auto to = settings_of(where);
    to.connect_timeout = options.connect_timeout;
    return std::make_unique<mysql_store>(to);
  });
}

constexpr core::store_module module{HOLDFAST_VERSION_STRING, open_module};

}  // namespace
}  // namespace holdfast::mysql

const holdfast::core::store_module* holdfast_store_mysql() noexcept { return &holdfast::mysql::module; }
