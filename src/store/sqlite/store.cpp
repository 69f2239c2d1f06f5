#include "store/sqlite/store.hpp"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <new>
#include <utility>

#include "core/guarded.hpp"
#include "holdfast/version.hpp"
#include "store/sqlite/engine.hpp"
#include "store/sqlite/listener.hpp"
#include "store/sqlite/schema.hpp"

namespace holdfast::sqlite {
namespace {

using kind = transaction::kind;

class sqlite_store final : public core::store {
 public:
  sqlite_store(std::string path, std::string shown, warn_function warn, std::optional<machine> on)
      : warn_{std::move(warn)},
        engine_{std::make_shared<engine>(std::move(path), std::move(shown), std::move(on))},
        listener_{engine_} {}

  core::store_traits traits() const noexcept override {
    core::store_traits traits;
    traits.claim_window = claim_window;
    // The kernel knows who is alive. To look after wake-ups that were lost, and to show that one is not stopped.
    traits.heartbeat_every = std::chrono::seconds{1};
    return traits;
  }

  void on_turn(turn_callback callback) override { listener_.set(std::move(callback)); }

  status ping(time_point by) override {
    return guarded([&] { return engine_->run(kind::write, by, [](protocol&, const moment&) { return status{}; }); });
  }

  core::turn_answer acquire(const core::request& what, bool wait, time_point by) override {
    if (what.mode != core::lock_mode::exclusive || what.capacity != 1) {
      core::turn_answer answer;
      answer.why = {errc::unsupported,
                    engine_->shown() + ": this store keeps exclusive locks only, no shared ones nor semaphores"};
      return answer;
    }
    return ask([&](protocol& p, const moment& at) { return p.acquire(what, wait, at); }, by);
  }

  core::turn_answer claim(const core::request& what, time_point by) override {
    return ask([&](protocol& p, const moment& at) { return p.claim(what, at); }, by);
  }

  core::renew_answer renew(std::span<const core::lease_ref> leases, std::span<core::renew_verdict> verdicts,
                           time_point by) override {
    core::renew_answer answer;
    answer.why = guarded([&] {
      answer.sent = engine_->run(kind::write, by, [&](protocol& p, const moment& at) {
        for (std::size_t i = 0; i < leases.size(); ++i) verdicts[i] = p.renew(leases[i], at);
        return at.sent;
      });
      return status{};
    });
    if (!answer.why.ok()) std::fill(verdicts.begin(), verdicts.end(), core::renew_verdict::unknown);
    return answer;
  }

  /// Looks without a write lock first: as a rule there is nothing to do.
  status heartbeat(std::span<const core::waiter_ref> waiters, std::span<core::wait_verdict> verdicts,
                   time_point by) override {
    if (waiters.empty()) return {};
    auto how = guarded([&] {
      engine_->wakes().refresh();
      std::vector<std::size_t> idle;
      engine_->run(kind::read, by, [&](protocol& p, const moment& at) {
        for (std::size_t i = 0; i < waiters.size(); ++i) {
          const auto verdict = p.glance(waiters[i], at);
          if (verdict)
            verdicts[i] = *verdict;
          else
            idle.push_back(i);
        }
        return 0;
      });
      if (idle.empty()) return status{};
      engine_->run(kind::write, by, [&](protocol& p, const moment& at) {
        for (const auto i : idle) p.hear_of(waiters[i]);
        for (const auto i : idle) verdicts[i] = p.heartbeat(waiters[i], at);
        return 0;
      });
      return status{};
    });
    if (!how.ok()) std::fill(verdicts.begin(), verdicts.end(), core::wait_verdict::unknown);
    return how;
  }

  core::release_answer release(const core::lease_ref& what, time_point by) override {
    core::release_answer answer;
    answer.why = guarded(
        [&] {
          answer = engine_->run(kind::write, by, [&](protocol& p, const moment& at) { return p.release(what, at); });
          return status{};
        },
        &answer.unknown);
    return answer;
  }

  core::withdraw_answer withdraw(const core::waiter_ref& what, time_point by) override {
    core::withdraw_answer answer;
    answer.why = guarded([&] {
      answer.done = engine_->run(kind::write, by, [&](protocol& p, const moment& at) {
        p.withdraw(what, at);
        return true;
      });
      return status{};
    });
    return answer;
  }

  status inspect(std::string_view resource, resource_view& view, time_point by) override {
    return guarded([&] {
      view = engine_->run(kind::read, by, [&](protocol& p, const moment& at) { return p.inspect(resource, at); });
      return status{};
    });
  }

  status list(std::string_view prefix, std::string_view cursor, std::size_t limit, resource_page& page,
              time_point by) override {
    return guarded([&] {
      page = engine_->run(kind::read, by,
                          [&](protocol& p, const moment& at) { return p.list(prefix, cursor, limit, at); });
      return status{};
    });
  }

  status break_lease(std::string_view resource, std::optional<std::uint64_t> token, std::optional<core::owner_id> owner,
                     time_point by) override {
    if (!token && !owner) return {errc::invalid_argument, "breaking a lease takes its token or its owner"};
    return guarded([&]() -> status {
      const auto how = engine_->run(
          kind::write, by, [&](protocol& p, const moment& at) { return p.break_lease(resource, token, owner, at); });
      if (how == errc{}) return {};
      return {how, engine_->shown() + ": no such lease on '" + std::string{resource} + "': it is over, or never was"};
    });
  }

  status schema(std::string& text) const override {
    text = schema_text();
    return {};
  }

  status clean_up(std::string& cursor, std::uint64_t& forgotten, time_point by) override {
    constexpr int rows = 1000;
    // By hand one wants to see that something goes.
    constexpr auto margin = std::chrono::minutes{1};
    return guarded([&] {
      engine_->run(kind::write, by, [&](protocol& p, const moment& at) {
        forgotten += p.cleaner().some_from(cursor, at, rows, margin);
        return 0;
      });
      return status{};
    });
  }

 private:
  template <class Body>
  core::turn_answer ask(Body&& body, time_point by) {
    core::turn_answer answer;
    bool unknown = false;
    auto how = guarded(
        [&] {
          answer = engine_->run(kind::write, by, body);
          return status{};
        },
        &unknown);
    if (!how.ok()) {
      answer = {};
      answer.why = std::move(how);
      answer.unknown = unknown;
    } else if (answer.is == core::turn_answer::outcome::queued) {
      // Only now: its first look comes after the commit, so that no turn slips between.
      listener_.start();
      check_wakes();
    }
    return answer;
  }

  void check_wakes() {
    if (engine_->wakes().address() != 0 || !warn_ || warned_.exchange(true)) return;
    warn_({errc::misconfigured, engine_->shown() + ": the file -holdfast beside the database can't be used, so waiters "
                                                   "look by a timer instead of being woken"});
  }

  template <class Body>
  status guarded(Body&& body, bool* unknown = nullptr) {
    return core::guarded<failure>(engine_->shown(), std::forward<Body>(body), unknown);
  }

  const warn_function warn_;
  std::atomic<bool> warned_{false};
  const std::shared_ptr<engine> engine_;
  listener listener_;
};

status open_module(const core::url& where, const core::store_options& options,
                   std::unique_ptr<core::store>& made) noexcept {
  return core::open_without_throwing(made, [&] { return open_store(path_of(where), where.shown, options.warn); });
}

constexpr core::store_module module{HOLDFAST_VERSION_STRING, open_module};

}  // namespace

std::unique_ptr<core::store> open_store(std::string path, std::string shown, warn_function warn,
                                        std::optional<machine> on) {
  return std::make_unique<sqlite_store>(std::move(path), std::move(shown), std::move(warn), std::move(on));
}

std::string path_of(const core::url& where) {
  const auto refuse = [&](const std::string& why) {
    return error{status{errc::invalid_argument, "malformed store URL '" + where.shown + "': " + why}};
  };
  const bool has_host = !where.user.empty() || !where.password.empty() || where.hosts.size() > 1 ||
                        (where.hosts.size() == 1 && !where.hosts[0].host.empty());
  if (has_host) throw refuse("a file has no host or user; it is sqlite:PATH");
  if (!where.query.empty()) throw refuse("sqlite: takes no option '" + where.query.front().first + "'");
  if (where.path.empty()) throw refuse("the path is missing; it is sqlite:PATH");
  if (where.path.find('\0') != std::string::npos) throw refuse("the path has a NUL byte");
  // Now, for the working directory may change before the file is opened.
  std::error_code failed;
  const auto absolute = std::filesystem::absolute(where.path, failed);
  if (failed) throw refuse("the working directory can't be told: " + failed.message());
  return absolute.string();
}

}  // namespace holdfast::sqlite

const holdfast::core::store_module* holdfast_store_sqlite() noexcept { return &holdfast::sqlite::module; }
