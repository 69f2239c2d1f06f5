#include "store/redis/store.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <new>
#include <utility>

#include "core/guarded.hpp"
#include "store/redis/doubts.hpp"
#include "store/redis/layout.hpp"
#include "store/redis/listing.hpp"
#include "store/redis/protocol.hpp"
#include "store/redis/renewal.hpp"
#include "store/redis/scripts.hpp"
#include "store/redis/turns.hpp"

namespace holdfast::redis {
namespace {

using outcome = core::turn_answer::outcome;

/// Ends a verb from within. Caught where the verbs begin.
struct verb_failure {
  status why;
  bool unknown = false;
};

class redis_store final : public core::store {
 public:
  explicit redis_store(links with)
      : shown_{std::move(with.shown)},
        warn_{with.warn},
        verbs_{std::move(with.verbs)},
        keeper_{std::move(with.keeper)},
        listing_{*verbs_},
        turns_{with.listen, with.warn} {}

  core::store_traits traits() const noexcept override {
    core::store_traits traits;
    traits.claim_window = claim_window;
    traits.heartbeat_every = heartbeat_every;
    return traits;
  }

  void on_turn(turn_callback callback) override { turns_.on_turn(std::move(callback)); }

  status ping(time_point by) override {
    return guarded([&] {
      const std::string_view word = "PING";
      static_cast<void>(reply_of(verbs_->command({&word, 1}, by)));
      return status{};
    });
  }

  core::turn_answer acquire(const core::request& what, bool wait, time_point by) override {
    return turn([&] {
      check_kind(what);
      const auto where = turns_.where();
      auto answer = ask_acquire(what, wait, where, by);
      if (answer.what.is != reply::kind::integer || read_turn(answer.what).is != turn_reply::kind::listen_first)
        return said(answer, what);
      // It has to queue: from then on it may be told of its turn, so it must hear it.
      answer = ask_acquire(what, wait, turns_.listen(by), by);
      return said(answer, what);
    });
  }

  core::turn_answer claim(const core::request& what, time_point by) override {
    return turn([&] {
      const auto keys = keys_of(what.resource);
      arguments words{512};
      put_claim(words, what);
      return said(call(claim_script, keys, words, by, what.owner), what);
    });
  }

  core::renew_answer renew(std::span<const core::lease_ref> leases, std::span<core::renew_verdict> verdicts,
                           time_point by) override {
    core::renew_answer answer;
    for (std::size_t from = 0; from < leases.size() && answer.why.ok(); from += renewed_at_once) {
      const auto count = std::min(renewed_at_once, leases.size() - from);
      const auto sent = renew_some(leases.subspan(from, count), verdicts.subspan(from, count), answer.why, by);
      if (from == 0) answer.sent = sent;  // The earliest counts for all.
      if (!answer.why.ok())
        std::fill(verdicts.begin() + static_cast<std::ptrdiff_t>(from), verdicts.end(), core::renew_verdict::unknown);
    }
    return answer;
  }

  status heartbeat(std::span<const core::waiter_ref> waiters, std::span<core::wait_verdict> verdicts,
                   time_point by) override {
    if (waiters.empty()) return {};
    auto how = guarded([&] {
      const beat what{waiters};
      if (!read_beats(reply_of(keeper_->call(heartbeat_script, what.keys(), what.words(), by)), verdicts))
        throw verb_failure{garbage("heartbeat"), true};
      return status{};
    });
    if (!how.ok()) std::fill(verdicts.begin(), verdicts.end(), core::wait_verdict::unknown);
    return how;
  }

  core::release_answer release(const core::lease_ref& what, time_point by) override {
    core::release_answer answer;
    answer.why = guarded(
        [&] {
          const auto keys = keys_of(what.resource);
          arguments words{64};
          words.add(what.owner.hex());
          words.add_token(what.token);
          const auto got = reply_of(verbs_->call(release_script, keys.all(), words.all(), by));
          if (got.is != reply::kind::integer) throw verb_failure{garbage("release"), true};
          answer.is =
              got.number == 1 ? core::release_answer::outcome::released : core::release_answer::outcome::not_held;
          doubts_.forget(what.owner);
          return status{};
        },
        &answer.unknown);
    if (!answer.why.ok()) answer.is = core::release_answer::outcome::failed;
    return answer;
  }

  core::withdraw_answer withdraw(const core::waiter_ref& what, time_point by) override {
    core::withdraw_answer answer;
    answer.why = guarded([&] {
      const auto keys = keys_of(what.resource);
      arguments words{64};
      words.add(what.owner.hex());
      const auto got = reply_of(verbs_->call(withdraw_script, keys.all(), words.all(), by));
      if (got.is != reply::kind::integer) throw verb_failure{garbage("withdraw"), true};
      // Only now: it may have gone over another connection than the one that was in use when it began.
      answer.conclusive = doubts_.settled(what.owner, *verbs_);
      answer.done = true;
      if (answer.conclusive) doubts_.forget(what.owner);
      return status{};
    });
    return answer;
  }

  status inspect(std::string_view resource, resource_view& view, time_point by) override {
    return guarded([&] {
      look(resource, view, by);
      return status{};
    });
  }

  status list(std::string_view prefix, std::string_view cursor, std::size_t limit, resource_page& page,
              time_point by) override {
    return guarded([&] {
      resource_page made;  // `cursor` may lie in `page`.
      std::vector<std::string> names;
      if (auto how = listing_.names(prefix, cursor, by, names); !how.ok()) return how;
      for (const auto& name : names) {
        resource_view view;
        if (auto how = inspect(name, view, by); how == errc::wrong_kind)
          continue;
        else if (!how.ok())
          return how;
        if (view.holders.empty() && view.waiters.empty()) continue;
        if (made.resources.size() >= std::max<std::size_t>(limit, 1)) {
          made.next = made.resources.back().name;
          break;
        }
        made.resources.push_back(std::move(view));
      }
      page = std::move(made);
      return status{};
    });
  }

  status break_lease(std::string_view resource, std::optional<std::uint64_t> token, std::optional<core::owner_id> owner,
                     time_point by) override {
    if (!token && !owner) return {errc::invalid_argument, "breaking a lease takes its token or its owner"};
    return guarded([&]() -> status {
      const auto keys = keys_of(resource);
      arguments words{64};
      if (token)
        words.add_token(*token);
      else
        words.add(std::string_view{});
      words.add(owner ? owner->hex() : std::string{});
      const auto got = reply_of(verbs_->call(break_script, keys.all(), words.all(), by));
      if (got.is == reply::kind::text)
        return {errc::wrong_kind, shown_ + ": '" + std::string{resource} +
                                      "' is held by a client of another kind, which " +
                                      "has no tokens; if it is gone for good, delete the key: redis-cli DEL"};
      if (got.is == reply::kind::array) throw verb_failure{trouble(read_trouble(got), resource)};
      if (got.is != reply::kind::integer) throw verb_failure{garbage("break"), true};
      if (got.number == 1) return {};
      return {errc::not_held, shown_ + ": no such lease on '" + std::string{resource} + "': it is over, or never was"};
    });
  }

 private:
  /// A script keeps everybody else waiting: one for 500 leases took 2.6 ms.
  static constexpr std::size_t renewed_at_once = 200;

  /// When it was sent.
  time_point renew_some(std::span<const core::lease_ref> leases, std::span<core::renew_verdict> verdicts, status& why,
                        time_point by) {
    time_point sent{};
    why = guarded([&] {
      const renewal what{leases};
      const auto got = keeper_->call(renew_script, what.keys(), what.words(), by);
      sent = got.sent;
      if (!read_renewals(reply_of(got), verdicts)) throw verb_failure{garbage("renew"), true};
      return status{};
    });
    return sent;
  }

  resource_keys keys_of(std::string_view resource) const {
    if (!reads_as_side_key(resource)) return resource_keys{resource};
    throw verb_failure{
        {errc::invalid_argument, shown_ + ": the name '" + std::string{resource} +
                                     "' reads as one of the keys that holdfast keeps beside a lock: take "
                                     "another"}};
  }

  void check_kind(const core::request& what) const {
    if (what.mode == core::lock_mode::exclusive && what.capacity == 1) return;
    throw verb_failure{
        {errc::unsupported, shown_ + ": this store keeps exclusive locks only, no shared ones nor semaphores"}};
  }

  answer ask_acquire(const core::request& what, bool wait, std::string_view where, time_point by) {
    const auto keys = keys_of(what.resource);
    arguments words{512};
    put_acquire(words, what, wait, where);
    return call(acquire_script, keys, words, by, what.owner);
  }

  /// A call on behalf of `owner`, of which it is remembered if no answer came.
  answer call(const script& which, const resource_keys& keys, arguments& words, time_point by,
              const core::owner_id& owner) {
    auto got = verbs_->call(which, keys.all(), words.all(), by);
    if (got.is == answer::outcome::unknown) doubts_.add(owner, got.connection, *verbs_);
    return got;
  }

  static reply reply_of(answer got) {
    if (got.is != answer::outcome::replied) throw verb_failure{std::move(got.why), got.is == answer::outcome::unknown};
    if (got.what.is == reply::kind::error) throw verb_failure{std::move(got.why), !nothing_was_done(got.what.text)};
    return std::move(got.what);
  }

  core::turn_answer said(answer got, const core::request& what) {
    const auto sent = got.sent;
    const auto from = read_turn(reply_of(std::move(got)));
    core::turn_answer made;
    made.sent = sent;
    switch (from.is) {
      case turn_reply::kind::granted:
        made.is = outcome::granted;
        made.token = from.token;
        made.ttl = what.ttl;
        break;
      case turn_reply::kind::queued:
        made.is = outcome::queued;
        made.position = from.position;
        made.look_again = look_again(from.position, from.left);
        if (from.left == -1) made.why = {errc::timed_out, tell_no_expiry(what.resource)};
        break;
      case turn_reply::kind::busy_for_ever:
        made.is = outcome::busy;
        made.why = {errc::busy, tell_no_expiry(what.resource)};
        break;
      case turn_reply::kind::busy:
        made.is = outcome::busy;
        break;
      case turn_reply::kind::gone:
        made.is = outcome::gone;
        break;
      case turn_reply::kind::listen_first:
      case turn_reply::kind::wrong_type:
      case turn_reply::kind::no_token:
      case turn_reply::kind::garbage:
        throw verb_failure{trouble(from, what.resource), from.is == turn_reply::kind::garbage};
    }
    return made;
  }

  /// Warns of it once, and returns the sentence.
  std::string tell_no_expiry(const std::string& resource) {
    std::string told = shown_ + ": '" + resource +
                       "' is held by a key without expiry, which another program has set: it is never free unless that "
                       "program, or you, delete it";
    const std::lock_guard lock{told_mutex_};
    if (std::exchange(told_of_, resource) != resource && warn_) warn_({errc::misconfigured, told});
    return told;
  }

  status garbage(const char* verb) const {
    return {errc::internal, shown_ + ": the server answers to '" + verb + "' what no script of holdfast does"};
  }

  status trouble(const turn_reply& what, std::string_view resource) const {
    if (what.is == turn_reply::kind::wrong_type)
      return {errc::wrong_kind, shown_ + ": the key '" + std::string{resource} + "' is in use for something else: a " +
                                    what.type + ", where a lock is a string; take another name"};
    if (what.is == turn_reply::kind::no_token)
      return {errc::misconfigured, shown_ +
                                       ": the next fencing token would be 2^53 or more: the server's clock is, or "
                                       "was, set centuries ahead"};
    return garbage("acquire");
  }

  void look(std::string_view resource, resource_view& view, time_point by) {
    const auto keys = keys_of(resource);
    const auto got = reply_of(verbs_->call(inspect_script, keys.all(), {}, by));
    view.name = resource;
    if (!read_view(got, view)) throw verb_failure{trouble(read_trouble(got), resource)};
  }

  template <class Body>
  core::turn_answer turn(Body&& body) {
    core::turn_answer answer;
    bool unknown = false;
    auto how = guarded(
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

  template <class Body>
  status guarded(Body&& body, bool* unknown = nullptr) {
    return core::guarded<verb_failure>(shown_, std::forward<Body>(body), unknown);
  }

  const std::string shown_;
  const std::function<void(const status&)> warn_;
  const std::unique_ptr<channel> verbs_;
  const std::unique_ptr<channel> keeper_;
  listing listing_;
  doubts doubts_;
  std::mutex told_mutex_;
  std::string told_of_;  // guarded by told_mutex_
  turns turns_;
};

}  // namespace

std::unique_ptr<core::store> open_store(links with) { return std::make_unique<redis_store>(std::move(with)); }

}  // namespace holdfast::redis
