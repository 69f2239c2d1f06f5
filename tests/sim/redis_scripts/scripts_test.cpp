// The shipped store, script by script, over the simulated Redis and a real server at once: each must answer as the
// other does. Where nobody but the store's own clients comes by, both must do as the executable model does.
#include <gtest/gtest.h>

#include <array>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "../rng.hpp"
#include "store/memory/model.hpp"
#include "store/redis/layout.hpp"
#include "store/redis/store.hpp"
#include "twin_redis.hpp"

namespace holdfast::sim {

namespace {

using std::chrono::milliseconds;
using outcome = core::turn_answer::outcome;

/// What one owner has come to, by the answers that it got.
struct asker {
  enum class state : std::uint8_t { idle, queued, granted };
  core::request what;
  std::size_t client = 0;
  state is = state::idle;
  std::uint64_t token = 0;
  std::uint64_t model_token = 0;
};

class differential : public ::testing::Test {
 protected:
  static constexpr std::size_t clients = 3;
  static constexpr std::size_t resources = 2;

  differential() {
    for (std::size_t i = 0; i < clients; ++i) {
      redis::links with;
      with.verbs = std::make_unique<twin_channel>(servers_);
      with.keeper = std::make_unique<twin_channel>(servers_);
      with.shown = "redis://twins";
      with.listen = [this](std::string channel, const redis::ear_callbacks&) {
        auto made = std::make_unique<twin_ear>(servers_, std::move(channel));
        ears_.push_back(made.get());
        return made;
      };
      stores_.push_back(redis::open_store(std::move(with)));
    }
  }

  static std::string name(std::size_t resource) { return "r" + std::to_string(resource); }
  time_point now() const { return time_point{std::chrono::microseconds{servers_.now()}}; }
  core::store& store_of(const asker& who) { return *stores_[who.client]; }

  void begin(std::uint64_t seed, bool alone);
  void step();
  void compare_data() { servers_.compare_data(); }
  /// Whether something differed; tells what led to it.
  bool over() const {
    if (HasFailure()) std::cout << history_;
    return HasFailure();
  }

 private:
  void tell(const std::string& what) { history_ += std::to_string(passed_) + " " + what + '\n'; }
  void tell(const std::string& what, const asker& who) {
    tell(what + " " + who.what.resource + " " + std::to_string(who.what.owner.low()));
  }
  void send_acquire(asker& who);
  void send_claim(asker& who);
  void send_renew(asker& who);
  void send_release(asker& who);
  void send_withdraw(asker& who);
  void send_break(asker& who);
  void send_heartbeat();
  void look(const std::string& resource);
  void meddle();
  void note(asker& who, const core::turn_answer& answer, const core::turn_answer& model);
  asker& some(bool (*which)(const asker&));

  rng dice_{1};
  twin_servers servers_;
  std::vector<twin_ear*> ears_;
  std::vector<std::unique_ptr<core::store>> stores_;
  std::unique_ptr<memory::model> model_;
  std::vector<asker> askers_;
  std::uint64_t owners_ = 0;
  std::int64_t passed_ = 0;
  std::string history_;
  bool alone_ = true;  ///< Nobody meddles, so that the model has a say.
};

void differential::begin(std::uint64_t seed, bool alone) {
  dice_ = rng{seed};
  alone_ = alone;
  passed_ = 0;
  history_.clear();
  servers_.clear();
  for (auto* const ear : ears_) ear->set(true);
  model_ = std::make_unique<memory::model>(now(), 1, memory::paces{});
  askers_.clear();
  for (std::size_t i = 0; i < 6; ++i) {
    asker one;
    one.client = dice_.below(clients);
    askers_.push_back(one);
  }
}

void differential::note(asker& who, const core::turn_answer& answer, const core::turn_answer& model) {
  tell(" -> " + std::to_string(static_cast<int>(answer.is)) + ", model " + std::to_string(static_cast<int>(model.is)));
  if (alone_) {
    ASSERT_EQ(answer.is, model.is) << answer.why.message();
  }
  switch (answer.is) {
    case outcome::granted:
      if (alone_) {
        const bool again = answer.token == who.token;
        EXPECT_EQ(again, model.token == who.model_token) << "a token as before, or a new one";
        if (!again) {
          EXPECT_GT(answer.token, who.token);
        }
      }
      who.is = asker::state::granted;
      who.token = answer.token;
      who.model_token = model.token;
      return;
    case outcome::queued:
      who.is = asker::state::queued;
      return;
    default:
      who.is = asker::state::idle;
  }
}

void differential::send_acquire(asker& who) {
  if (who.is == asker::state::idle) {
    constexpr std::array ttls{milliseconds{250}, milliseconds{1050}, milliseconds{3200}, milliseconds{60'000}};
    who.what = {.resource = name(dice_.below(resources)),
                .owner = {7, ++owners_},
                .ttl = ttls[dice_.below(ttls.size())],
                .reserve = dice_.chance(300) ? 8U : 0U,
                .party = dice_.chance(500) ? "host=here\npid=4\n" : ""};
    who.token = who.model_token = 0;
  }
  const bool wait = !dice_.chance(200);
  tell(wait ? "acquire" : "try", who);
  const auto answer = store_of(who).acquire(who.what, wait, now());
  note(who, answer, alone_ ? model_->acquire(who.what, wait, who.client, now()) : core::turn_answer{});
}

void differential::send_claim(asker& who) {
  tell("claim", who);
  const auto answer = store_of(who).claim(who.what, now());
  note(who, answer, alone_ ? model_->claim(who.what, now()) : core::turn_answer{});
}

void differential::send_renew(asker& who) {
  tell("renew", who);
  const core::lease_ref lease{who.what.resource, who.what.owner, who.what.ttl * dice_.between(1, 3), who.token};
  auto verdict = core::renew_verdict::unknown;
  store_of(who).renew({&lease, 1}, {&verdict, 1}, now());
  EXPECT_NE(verdict, core::renew_verdict::unknown);
  if (alone_) {
    EXPECT_EQ(verdict, model_->renew(lease, now()));
  }
  if (verdict == core::renew_verdict::lost) who.is = asker::state::idle;
}

void differential::send_release(asker& who) {
  tell("release", who);
  const auto used = who.what.reserve > 0 ? dice_.below(9) : 0;
  core::lease_ref lease{who.what.resource, who.what.owner, {}, who.token + used};
  const auto answer = store_of(who).release(lease, now());
  if (alone_) {
    lease.token = who.model_token + used;
    EXPECT_EQ(answer.is, model_->release(lease, now()).is);
  }
  who.is = asker::state::idle;
}

void differential::send_withdraw(asker& who) {
  tell("withdraw", who);
  const core::waiter_ref whom{who.what.resource, who.what.owner};
  EXPECT_TRUE(store_of(who).withdraw(whom, now()).done);
  if (alone_) model_->withdraw(whom, now());
  who.is = asker::state::idle;
}

void differential::send_break(asker& who) {
  tell("break", who);
  const bool by_token = who.is == asker::state::granted && dice_.chance(500);
  const auto token = by_token ? std::optional{who.token} : std::nullopt;
  const auto owner = by_token ? std::nullopt : std::optional{who.what.owner};
  const auto how = store_of(who).break_lease(who.what.resource, token, owner, now());
  if (!alone_) return;
  const auto model_token = by_token ? std::optional{who.model_token} : std::nullopt;
  EXPECT_EQ(how.code(), model_->break_lease(who.what.resource, model_token, owner, now()).code());
}

void differential::send_heartbeat() {
  const auto client = dice_.below(clients);
  std::vector<core::waiter_ref> waiters;
  for (const auto& who : askers_)
    if (who.client == client && who.is == asker::state::queued) waiters.push_back({who.what.resource, who.what.owner});
  if (waiters.empty()) return;
  tell("heartbeat of client " + std::to_string(client));
  std::vector<core::wait_verdict> verdicts(waiters.size());
  std::vector<core::wait_verdict> models(waiters.size());
  EXPECT_TRUE(stores_[client]->heartbeat(waiters, verdicts, now()).ok());
  if (!alone_) return;
  model_->heartbeat(waiters, models, now());
  for (std::size_t i = 0; i < waiters.size(); ++i) {
    // A hand-off that ran out unclaimed: the model still has it, in Redis its key is gone. Either way a claim follows.
    const bool ran_out = models[i] == core::wait_verdict::your_turn && verdicts[i] == core::wait_verdict::gone &&
                         model_->inspect(waiters[i].resource, now()).holders.empty();
    EXPECT_TRUE(verdicts[i] == models[i] || ran_out) << static_cast<int>(verdicts[i]);
  }
}

std::string shown(const resource_view& view) {
  std::string text;
  const auto short_id = [](const party& who) { return std::to_string(core::owner_id::from_hex(who.owner).low()); };
  for (const auto& h : view.holders) text += "held by " + short_id(h.who) + (h.claimed ? "" : " unclaimed");
  for (const auto& w : view.waiters) text += ", " + short_id(w.who) + (w.alive ? " waits" : " is silent");
  return text.empty() ? "free" : text;
}

void differential::look(const std::string& resource) {
  resource_view view;
  ASSERT_TRUE(stores_[0]->inspect(resource, view, now()).ok());
  if (!alone_) return;
  const auto model = model_->inspect(resource, now());
  tell("look at " + resource + ": " + shown(view) + ", model: " + shown(model));
  ASSERT_EQ(view.holders.size(), model.holders.size());
  for (std::size_t i = 0; i < view.holders.size(); ++i) {
    EXPECT_EQ(view.holders[i].who.owner, model.holders[i].who.owner);
    EXPECT_EQ(view.holders[i].who.host, model.holders[i].who.host);
    EXPECT_EQ(view.holders[i].claimed, model.holders[i].claimed);
  }
  ASSERT_EQ(view.waiters.size(), model.waiters.size());
  for (std::size_t i = 0; i < view.waiters.size(); ++i) {
    EXPECT_EQ(view.waiters[i].who.owner, model.waiters[i].who.owner);
    EXPECT_EQ(view.waiters[i].alive, model.waiters[i].alive);
  }
}

/// What others do to the same keys, and what befalls the server.
void differential::meddle() {
  const auto resource = name(dice_.below(resources));
  const redis::resource_keys keys{resource};
  switch (dice_.below(6)) {
    case 0:
      servers_.plain({"SET", resource, "somebody", "NX"});
      return;
    case 1:
      servers_.plain({"DEL", resource});
      return;
    case 2:
      servers_.plain({"DEL", std::string{keys.all()[1 + dice_.below(3)]}});
      return;
    case 3:
      servers_.pass(-1000 * dice_.between(0, 3));  // Its clock is set back.
      return;
    default:
      ears_[dice_.below(clients)]->set(dice_.chance(500));
  }
}

asker& differential::some(bool (*which)(const asker&)) {
  std::vector<asker*> all;
  for (auto& who : askers_)
    if (which(who)) all.push_back(&who);
  return all.empty() ? askers_.front() : *all[dice_.below(all.size())];
}

void differential::step() {
  using state = asker::state;
  const auto dice = dice_.below(100);
  // No sums of these meet a ttl, the claim window or the time after which a waiter is dead.
  constexpr std::array pauses{137, 411, 973, 2111};
  constexpr std::int64_t most_passed = 25'000;  // Else waiters would be forgotten, by the model earlier than by Redis.
  auto& any = some([](const asker&) { return true; });
  auto& queued = some([](const asker& who) { return who.is == state::queued; });
  auto& granted = some([](const asker& who) { return who.is == state::granted; });
  if (dice < 30) {
    send_acquire(any);
  } else if (dice < 50 && queued.is == state::queued) {
    send_claim(queued);
  } else if (dice < 58 && granted.is == state::granted) {
    send_renew(granted);
  } else if (dice < 73 && granted.is == state::granted) {
    send_release(granted);
  } else if (dice < 77 && any.is != state::idle) {
    send_withdraw(any);
  } else if (dice < 79 && any.is != state::idle) {
    send_break(any);
  } else if (dice < 88) {
    send_heartbeat();
  } else if (dice < 94 && passed_ < most_passed) {
    const auto pause = pauses[dice_.below(pauses.size())];
    passed_ += pause;
    servers_.pass(pause);
  } else if (dice < 97 && !alone_) {
    meddle();
  } else {
    look(name(dice_.below(resources)));
  }
  servers_.tick();
}

TEST_F(differential, model_simulated_and_real_redis_answer_alike) {
  for (std::uint64_t seed = 1; seed <= 150 && !over(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    begin(seed, true);
    for (int i = 0; i < 120 && !over(); ++i) step();
    compare_data();
  }
}

TEST_F(differential, simulated_and_real_redis_answer_alike_when_others_meddle) {
  for (std::uint64_t seed = 1; seed <= 150 && !over(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    begin(seed, false);
    for (int i = 0; i < 120 && !over(); ++i) step();
    compare_data();
  }
}

}  // namespace

}  // namespace holdfast::sim
