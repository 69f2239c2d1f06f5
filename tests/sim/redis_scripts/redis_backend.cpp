// The shipped store for Redis, one for each client, and the shipped scripts over a simulated server.
#include <cstdlib>
#include <utility>

#include "../backend.hpp"
#include "scripts.hpp"
#include "simulated_redis.hpp"
#include "store/redis/layout.hpp"
#include "store/redis/protocol.hpp"
#include "store/redis/store.hpp"

namespace holdfast::sim {

namespace {

constexpr duration stale_after = std::chrono::seconds{2};
constexpr std::string_view foreign_mark = "foreign-";

std::string value_of(const core::owner_id& owner) {
  return is_foreign(owner) ? std::string{foreign_mark} + std::to_string(owner.low()) : owner.hex();
}
core::owner_id owner_of(const std::string& value) {
  if (value.starts_with(foreign_mark)) return {foreign_high, std::stoull(value.substr(foreign_mark.size()))};
  return core::owner_id::from_hex(value);
}

struct member {
  std::unique_ptr<core::store> store;
  simulated_ear* ear = nullptr;  ///< The store's.
};

class redis_backend final : public backend {
 public:
  explicit redis_backend(const surroundings& with) : server_{with}, sink_{with.sink} {}

  core::turn_answer acquire(session from, const core::request& what, bool wait, time_point now) override {
    return at(now, from).acquire(what, wait, now);
  }
  core::turn_answer claim(session from, const core::request& what, time_point now) override {
    return at(now, from).claim(what, now);
  }
  core::renew_verdict renew(session from, const core::lease_ref& what, time_point now) override {
    auto verdict = core::renew_verdict::unknown;
    at(now, from).renew({&what, 1}, {&verdict, 1}, now);
    return verdict;
  }
  void heartbeat(session from, std::span<const core::waiter_ref> waiters, std::span<core::wait_verdict> verdicts,
                 time_point now) override {
    (void)at(now, from).heartbeat(waiters, verdicts, now);
  }
  core::release_answer release(session from, const core::lease_ref& what, time_point now) override {
    return at(now, from).release(what, now);
  }
  core::withdraw_answer withdraw(session from, const core::waiter_ref& what, time_point now) override {
    return at(now, from).withdraw(what, now);
  }
  void break_lease(std::string_view resource, const core::owner_id& owner, time_point now) override {
    (void)at(now, 0).break_lease(resource, std::nullopt, owner, now);
  }

  contents look(std::string_view resource, time_point now) override;
  std::uint64_t token_for_nothing(time_point now) const override {
    return static_cast<std::uint64_t>(to_server(now)) + 1000;
  }
  std::string leftover(std::string_view resource, time_point now) override;

  void keep_snapshot() override { server_.snapshot = server_.data; }
  void restore() override { server_.data = server_.snapshot; }
  void client_gone(session who, bool noticed) override {
    // Where the server does not notice, its messages go on into the void.
    if (noticed) ear_of(who).set(false);
  }
  bool cut_short() override { return std::exchange(server_.cut, false); }
  void flush() override { server_.data.clear(); }
  void evict(std::string_view resource, rng& dice) override {
    const redis::resource_keys keys{resource};
    server_.data.erase(std::string{keys.all()[1 + dice.below(3)]});
  }
  void listener(session who, bool up) override { ear_of(who).set(up); }
  bool foreign_lock(std::string_view resource, const core::owner_id& owner, duration ttl, time_point now) override {
    const auto ms = std::to_string(std::chrono::ceil<std::chrono::milliseconds>(ttl).count());
    return !plain({"SET", std::string{resource}, value_of(owner), "NX", "PX", ms}, now).text.empty();
  }
  void foreign_unlock(std::string_view resource, const core::owner_id& owner, time_point now) override {
    if (plain({"GET", std::string{resource}}, now).text == value_of(owner)) foreign_delete(resource, now);
  }
  void foreign_delete(std::string_view resource, time_point now) override {
    (void)plain({"DEL", std::string{resource}}, now);
  }

 private:
  core::store& at(time_point now, session who) {
    server_.now = now;
    return *member_of(who).store;
  }
  simulated_ear& ear_of(session who) { return *member_of(who).ear; }
  member& member_of(session who);
  value plain(const keyspace::words& words, time_point now) { return server_.data.execute(words, to_server(now), {}); }

  simulated_redis server_;
  hint_sink sink_;
  std::map<session, member> members_;
};

member& redis_backend::member_of(session who) {
  const auto found = members_.find(who);
  if (found != members_.end()) return found->second;
  auto& made = members_[who];
  redis::links with;
  with.verbs = std::make_unique<simulated_channel>(server_);
  with.keeper = std::make_unique<simulated_channel>(server_);
  with.shown = "redis://simulated";
  with.listen = [&](std::string channel, redis::ear_callbacks tell) {
    auto ear = std::make_unique<simulated_ear>(server_, std::move(channel), std::move(tell));
    made.ear = ear.get();
    return ear;
  };
  made.store = redis::open_store(std::move(with));
  made.store->on_turn([this, who](const core::owner_id& owner) { sink_(who, owner); });
  return made;
}

contents redis_backend::look(std::string_view resource, time_point now) {
  const redis::resource_keys names{resource};
  const auto key = [&](std::size_t which) { return std::string{names.all()[which]}; };
  const auto clock = to_server(now);
  contents made;
  if (const auto holder = server_.data.text_of(key(0), clock)) {
    made.holder = owner_of(*holder);
    const auto ends = *server_.data.end_of(key(0), clock);
    made.expires = from_server(ends);
    made.left = made.expires - now;
    const auto record = server_.data.text_of(key(1), clock).value_or("");
    made.claimed = record.size() < 82 || record.substr(50, 32) != *holder || record[33] != '0';
  }
  for (const auto& owner : plain({"ZRANGE", key(2), "0", "-1"}, now).items) {
    const auto info = plain({"HGET", key(3), owner.text}, now).text;
    contents::waiter one{core::owner_id::from_hex(owner.text), false};
    if (info.size() >= 74) {
      const auto silent = std::abs(clock - std::stoll(info.substr(0, 16)));
      const auto where = info.substr(42, 32);
      one.deaf = where == redis::nowhere;
      const bool reached = one.deaf || server_.listeners.contains(redis::channel_of(where));
      one.in_line = reached && std::chrono::microseconds{silent} < stale_after;
    }
    made.queue.push_back(one);
  }
  return made;
}

/// Dead waiters stay until somebody passes by, and records of leases for a day; but nothing stays for ever.
std::string redis_backend::leftover(std::string_view resource, time_point now) {
  const redis::resource_keys names{resource};
  const auto clock = to_server(now);
  if (server_.data.end_of(std::string{names.name()}, clock)) return "a lock";
  for (const auto& w : look(resource, now).queue)
    if (w.in_line) return "a waiter";
  // A script that was ended may have made keys and not come to say how long they stay: until the next waiter's beat.
  if (server_.ever_cut) return {};
  constexpr std::int64_t minute = 60'000;
  for (const auto key : names.all()) {
    const auto most = key == names.lease() ? 25 * 60 * minute : 10 * minute;
    const auto ends = server_.data.end_of(std::string{key}, clock);
    if (ends && *ends - clock / 1000 > most) return std::string{key} + " without an end";
  }
  return {};
}

/// The scripts have paces of their own.
void adapt(profile& how) {
  how.claim_window = redis::claim_window;
  how.heartbeat_every = redis::heartbeat_every;
  how.stale_after = stale_after;
}

}  // namespace

const site& tested() {
  static const site it{
      .name = "redis",
      .befalls = [](fault) { return true; },
      .adapt = adapt,
      .patience = std::chrono::seconds{20},
      .parts = script_mutants(),
      .break_part = use_mutant,
      .open = [](surroundings with) -> std::unique_ptr<backend> { return std::make_unique<redis_backend>(with); }};
  return it;
}

}  // namespace holdfast::sim
