#include "store/etcd/store.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <new>
#include <utility>

#include "core/guarded.hpp"
#include "holdfast/version.hpp"
#include "store/etcd/cluster.hpp"
#include "store/etcd/errors.hpp"
#include "store/etcd/grpc_transport.hpp"
#include "store/etcd/protocol.hpp"
#include "store/etcd/server_version.hpp"
#include "store/etcd/transactions.hpp"
#include "store/etcd/views.hpp"

namespace holdfast::etcd {
namespace {

using std::chrono::seconds;

class etcd_store final : public core::store {
 public:
  etcd_store(std::unique_ptr<transport> with, std::string shown, warn_function warn)
      : shown_{std::move(shown)},
        warn_{std::move(warn)},
        transport_{std::move(with)},
        sessions_{*transport_},
        listener_{*transport_, tickets_},
        renewal_{*transport_, sessions_, tickets_, doubts_},
        protocol_{*transport_, sessions_, tickets_, listener_, doubts_, renewal_},
        views_{*transport_} {}

  /// Leases that nothing hangs on go; what is held stays, and runs out.
  ~etcd_store() override {
    constexpr duration longest = std::chrono::milliseconds{200};
    try {
      for (const auto& each : sessions_.take_idle()) transport_->revoke(each->lease(), boot_clock::now() + longest);
    } catch (const std::exception&) {
    }
  }

  core::store_traits traits() const noexcept override {
    core::store_traits traits;
    traits.reserves_tokens = false;
    traits.changes_ttl = false;
    traits.shares_leases = true;
    // The dead leave the line when the lease of their client's waiters has run out, which etcd notices a little later.
    traits.claim_window = seconds{sessions::waiting_seconds + 2};
    traits.heartbeat_every = seconds{1};
    traits.shortest_ttl = seconds{1};
    return traits;
  }

  void on_turn(turn_callback callback) override { listener_.set(std::move(callback)); }

  status ping(time_point by) override {
    return guarded(by, [&] {
      // A read takes a quorum, and a user. Which keys that one may read is another matter.
      const std::vector<std::string> any{"holdfast"};
      try {
        transport_->commit(transactions::read_keys(any), by);
      } catch (const failure& f) {
        if (f.is != failure::kind::no_right) throw;
      }
      return status{};
    });
  }

  core::turn_answer acquire(const core::request& what, bool wait, time_point by) override {
    if (what.mode != core::lock_mode::exclusive || what.capacity != 1) {
      core::turn_answer answer;
      answer.why = {errc::unsupported,
                    shown_ + ": this store keeps exclusive locks only, no shared ones nor semaphores"};
      return answer;
    }
    return ask(by, [&] { return protocol_.acquire(what, wait, by); });
  }

  core::turn_answer claim(const core::request& what, time_point by) override {
    return ask(by, [&] { return protocol_.claim(what, by); });
  }

  core::renew_answer renew(std::span<const core::lease_ref> leases, std::span<core::renew_verdict> verdicts,
                           time_point by) override {
    core::renew_answer answer;
    answer.sent = boot_clock::now();
    auto how = guarded(by, [&] {
      answer = renewal_.renew(leases, verdicts, by);
      return status{};
    });
    if (how.ok()) return answer;
    std::fill(verdicts.begin(), verdicts.end(), core::renew_verdict::unknown);
    answer.why = std::move(how);
    return answer;
  }

  status heartbeat(std::span<const core::waiter_ref> waiters, std::span<core::wait_verdict> verdicts,
                   time_point by) override {
    if (waiters.empty()) return {};
    std::fill(verdicts.begin(), verdicts.end(), core::wait_verdict::unknown);
    return guarded(by, [&] {
      protocol_.heartbeat(waiters, verdicts, by);
      return status{};
    });
  }

  core::release_answer release(const core::lease_ref& what, time_point by) override {
    core::release_answer answer;
    auto how = guarded(
        by,
        [&] {
          answer = protocol_.release(what, by);
          return status{};
        },
        &answer.unknown);
    if (!how.ok()) answer.why = std::move(how);
    return answer;
  }

  core::withdraw_answer withdraw(const core::waiter_ref& what, time_point by) override {
    core::withdraw_answer answer;
    auto how = guarded(by, [&] {
      answer = protocol_.withdraw(what, by);
      return status{};
    });
    if (!how.ok()) answer.why = std::move(how);
    return answer;
  }

  status inspect(std::string_view resource, resource_view& view, time_point by) override {
    return guarded(by, [&] {
      view = views_.inspect(resource, by);
      return status{};
    });
  }

  status list(std::string_view prefix, std::string_view cursor, std::size_t limit, resource_page& page,
              time_point by) override {
    return guarded(by, [&] {
      page = views_.list(prefix, cursor, limit, by);
      return status{};
    });
  }

  status break_lease(std::string_view resource, std::optional<std::uint64_t> token, std::optional<core::owner_id> owner,
                     time_point by) override {
    if (!token && !owner) return {errc::invalid_argument, "breaking a lease takes its token or its owner"};
    return guarded(by, [&]() -> status {
      if (views_.break_lease(resource, token, owner, by)) return {};
      return {errc::not_held, shown_ + ": no such lease on '" + std::string{resource} + "': it is over, or never was"};
    });
  }

 private:
  template <class Body>
  core::turn_answer ask(time_point by, Body&& body) {
    core::turn_answer answer;
    bool unknown = false;
    auto how = guarded(
        by,
        [&] {
          answer = body();
          return status{};
        },
        &unknown);
    if (how.ok()) return answer;
    answer = {};
    answer.why = std::move(how);
    answer.unknown = unknown;
    return answer;
  }

  /// Once, before the first request: what is known of the server.
  void greet(time_point by) {
    if (greeted_.load(std::memory_order_acquire)) return;
    const auto version = transport_->version(by);
    if (greeted_.exchange(true, std::memory_order_acq_rel)) return;
    if (const auto faults = known_faults(version); !faults.empty() && warn_)
      warn_({errc::misconfigured, shown_ + ": this is etcd " + version + ": " + faults});
  }

  template <class Body>
  status guarded(time_point by, Body&& body, bool* unknown = nullptr) {
    auto how = core::guarded<failure>(shown_, [&] { greet(by); });
    if (how == errc::not_authorised)  // Whether it matters, the request itself will tell.
      greeted_ = true;
    else if (!how.ok())
      return how;
    return core::guarded<failure>(shown_, std::forward<Body>(body), unknown);
  }

  const std::string shown_;
  const warn_function warn_;
  std::atomic<bool> greeted_{false};
  const std::unique_ptr<transport> transport_;
  tickets tickets_;
  doubts doubts_;
  sessions sessions_;
  listener listener_;
  renewal renewal_;
  protocol protocol_;
  views views_;
};

status open_module(const core::url& where, const core::store_options& options,
                   std::unique_ptr<core::store>& made) noexcept {
  return core::open_without_throwing(made, [&] {
    auto what = cluster_of(where);
    what.connect_timeout = options.connect_timeout;
    return open_store(connect(what), where.shown, options.warn);
  });
}

constexpr core::store_module module{HOLDFAST_VERSION_STRING, open_module};

}  // namespace

std::unique_ptr<core::store> open_store(std::unique_ptr<transport> with, std::string shown, warn_function warn) {
  return std::make_unique<etcd_store>(std::move(with), std::move(shown), std::move(warn));
}

}  // namespace holdfast::etcd

const holdfast::core::store_module* holdfast_store_etcd() noexcept { return &holdfast::etcd::module; }
