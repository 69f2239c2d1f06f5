#include "world.hpp"

#include <algorithm>
#include <memory>
#include <vector>

#include "backend.hpp"
#include "client.hpp"
#include "core/lease_time.hpp"

namespace holdfast::sim {

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

/// One schedule: its store, its clients, and what befalls them.
class world {
 public:
  world(std::uint64_t seed, sabotage broken, bool tell, tally& counts);
  void run();

 private:
  void add_clients(sabotage broken);
  void plan_faults();
  void maybe(fault what, std::function<void()> strike);
  void plan_faults_of_redis();
  void cut_listener();
  void foreign_visit(int tries);
  void foreign_turn(std::size_t resource, const core::owner_id& owner, duration ttl);
  void deliver_hint(session whom, const core::owner_id& owner);
  void hint_for_nothing();
  [[nodiscard]] bool done() const;
  [[nodiscard]] time_point limit() const;
  void settle();
  client& anybody() { return *clients_[dice_.below(clients_.size())]; }

  rng dice_;
  timeline time_;
  profile how_;
  tally& counts_;
  std::size_t resources_;
  judge court_;
  server store_;
  network net_;
  std::vector<std::unique_ptr<client>> clients_;
  std::size_t turns_planned_ = 0;
  duration stepped_back_{};
  std::uint64_t foreigners_ = 0;
};

world::world(std::uint64_t seed, sabotage broken, bool tell, tally& counts)
    : dice_{seed},
      how_{profile::draw(dice_)},
      counts_{counts},
      resources_{dice_.chance(300) ? 2U : 1U},
      court_{time_, resources_, tell},
      store_{time_, how_, court_, resources_, broken},
      net_{time_, dice_, how_, store_, court_, counts} {
  const bool all_well = std::all_of(how_.odds.begin(), how_.odds.end(), [](unsigned o) { return o == 0; });
  if (all_well) court_.expect_all_well();
  if (how_.drift != 0) net_.count(fault::clock_drift);
  const auto strikes = [this](fault what) {
    const bool now = net_.strikes(what);
    if (now) court_.tell([&] { return "FAULT " + std::string{fault_names[static_cast<std::size_t>(what)]}; });
    return now;
  };
  const auto sink = [this](session to, const core::owner_id& owner) {
    store_.told(owner);
    deliver_hint(to, owner);
  };
  store_.open(
      tested().open({.dice = dice_, .how = how_, .strikes = strikes, .sink = sink, .tell = [this](const auto& line) {
                       court_.tell(line);
                     }}));
  add_clients(broken);
  plan_faults();
}

void world::add_clients(sabotage broken) {
  const auto many = static_cast<std::size_t>(dice_.between(2, 4));
  for (std::size_t i = 0; i < many; ++i) {
    client::plan plan{
        .number = i,
        .threads = static_cast<std::size_t>(dice_.between(1, 3)),
        .resources = resources_,
        .turns = static_cast<std::size_t>(dice_.between(1, 3)),
        .patience = dice_.between(milliseconds{300}, milliseconds{3000}),
        .passing = dice_.chance(700) ? core::gate::bounds{} : core::gate::bounds{.longest = milliseconds{500}},
        .broken = broken};
    turns_planned_ += plan.threads * plan.turns;
    clients_.push_back(std::make_unique<client>(time_, dice_, net_, store_, court_, plan));
  }
}

/// Strikes once at some time while faults last, if the dice say so.
void world::maybe(fault what, std::function<void()> strike) {
  if (!dice_.chance(std::min(how_.odds_of(what), 1000U))) return;
  time_.after(dice_.between(duration::zero(), how_.faults_end), [this, what, strike = std::move(strike)] {
    net_.count(what);
    strike();
  });
}

void world::plan_faults() {
  maybe(fault::client_crash, [this] {
    // Somebody has to stay.
    if (clients_.front()->crashed() || clients_.size() < 2) return;
    const session whose = 1 + dice_.below(clients_.size() - 1);
    clients_[whose]->crash();
    store_.store().client_gone(whose, dice_.chance(500));
  });
  for (int i = 0; i < 3; ++i) {
    maybe(fault::client_pause, [this] { anybody().pause(dice_.between(milliseconds{1}, milliseconds{1500})); });
    maybe(fault::lease_broken, [this] { store_.break_lease(dice_.below(resources_)); });
  }
  maybe(fault::store_pause, [this] {
    court_.tell([] { return "FAULT the store pauses"; });
    store_.pause(dice_.between(milliseconds{1}, milliseconds{800}));
  });
  maybe(fault::store_forgets, [this] {
    store_.keep_snapshot();
    time_.after(dice_.between(milliseconds{1}, milliseconds{300}), [this] { store_.forget(); });
  });
  maybe(fault::clock_forward, [this] { store_.step_clock(dice_.between(milliseconds{1}, milliseconds{2000})); });
  maybe(fault::clock_back, [this] {
    const auto by = dice_.between(milliseconds{1}, milliseconds{2000});
    stepped_back_ += by;
    store_.step_clock(-by);
  });
  if (how_.odds_of(fault::hint_for_nothing) > 0) hint_for_nothing();
  plan_faults_of_redis();
}

void world::plan_faults_of_redis() {
  maybe(fault::flushed, [this] { store_.flush(); });
  for (int i = 0; i < 3; ++i) {
    maybe(fault::evicted, [this] { store_.evict(dice_.below(resources_), dice_); });
    maybe(fault::listener_cut, [this] { cut_listener(); });
    maybe(fault::foreign_lock, [this] { foreign_visit(5); });
  }
  maybe(fault::foreign_blunder, [this] { store_.foreign_delete(dice_.below(resources_), {}); });
}

void world::cut_listener() {
  const session whose = dice_.below(clients_.size());
  court_.tell([&] { return "FAULT client " + std::to_string(whose) + " listens no more"; });
  store_.store().listener(whose, false);
  time_.after(dice_.between(milliseconds{1}, milliseconds{1500}), [this, whose] {
    if (!clients_[whose]->crashed()) store_.store().listener(whose, true);
  });
}

/// A client of the common protocol: it asks now and then until it has the lock, and knows of no queue.
void world::foreign_visit(int tries) {
  const auto resource = dice_.below(resources_);
  const core::owner_id owner{foreign_high, ++foreigners_};
  const auto ttl = dice_.between(milliseconds{100}, milliseconds{1500});
  if (store_.foreign_lock(resource, owner, ttl)) {
    foreign_turn(resource, owner, ttl);
  } else if (tries > 0) {
    time_.after(dice_.between(milliseconds{1}, milliseconds{100}), [this, tries] { foreign_visit(tries - 1); });
  }
}

void world::foreign_turn(std::size_t resource, const core::owner_id& owner, duration ttl) {
  const auto record = std::make_shared<tenure_record>();
  record->owner = owner;
  record->resource = resource;
  record->executed = record->read = time_.now();
  record->deadline = core::lease_deadline(time_.now(), ttl);
  court_.granted_elsewhere(record);
  if (dice_.chance(300)) {
    net_.count(fault::foreign_vanished);
    return;
  }
  const bool deletes = dice_.chance(400);
  time_.after(dice_.between(duration::zero(), ttl), [this, record, deletes] {
    if (!deletes) {
      // Even if it is late: it compares before it deletes.
      net_.count(fault::foreign_freed);
      court_.turn_over(*record);
      store_.foreign_unlock(record->resource, record->owner);
    } else if (time_.now() < record->deadline && store_.holder(record->resource) == record->owner) {
      net_.count(fault::foreign_deleted);
      court_.turn_over(*record);
      store_.foreign_delete(record->resource, record->owner);
    }
  });
}

void world::hint_for_nothing() {
  time_.after(dice_.between(milliseconds{1}, milliseconds{200}), [this] {
    if (time_.now() >= net_.faults_end()) return;
    net_.count(fault::hint_for_nothing);
    anybody().hinted({});
    hint_for_nothing();
  });
}

void world::deliver_hint(session whom, const core::owner_id& owner) {
  auto& to = *clients_[whom];
  const auto send = [&] {
    auto pause = net_.delay();
    if (net_.strikes(fault::hint_late)) pause += dice_.between(milliseconds{1}, milliseconds{3000});
    time_.after(pause, [&to, owner] { to.hinted(owner); });
  };
  if (net_.strikes(fault::hint_lost)) return;
  send();
  if (net_.strikes(fault::hint_repeated)) send();
}

bool world::done() const {
  return std::all_of(clients_.begin(), clients_.end(), [](const auto& c) { return c->done(); });
}

/// By then everybody has had its turn, if nobody hangs: each turn's own time, and for what went wrong the ttls and
/// claim windows that have to pass before the dead are out of the way.
time_point world::limit() const {
  const auto each = milliseconds{1000} + 12 * how_.longest_delay;
  return net_.faults_end() + stepped_back_ + seconds{15} + tested().patience + each * static_cast<int>(turns_planned_);
}

void world::run() {
  for (auto& c : clients_) c->start();
  const auto end = limit();
  while (!done()) {
    if (time_.now() > end) {
      std::string who;
      for (const auto& c : clients_) who += c->unfinished();
      court_.fail("no end in sight:" + who);
    }
    time_.step();
  }
  settle();
  court_.check_tokens();
  counts_.steps += time_.steps();
  counts_.turns += court_.turns();
  ++counts_.schedules;
}

/// When everybody is through, what the dead and the late left behind runs out by itself: nothing stays.
void world::settle() {
  const auto longest_ttl = milliseconds{3000};
  const auto clean = std::max(time_.now(), net_.faults_end()) + stepped_back_ + longest_ttl + how_.stale_after * 3 +
                     how_.command_timeout * 2 + net_.longest_lateness() + milliseconds{500};
  while (time_.now() < clean && time_.step()) {
  }
  for (std::size_t r = 0; r < resources_; ++r)
    if (const auto left = store_.leftover(r); !left.empty())
      court_.fail(left + " stayed in the store on r" + std::to_string(r));
}

}  // namespace

std::optional<std::string> run_schedule(std::uint64_t seed, sabotage broken, bool tell, tally& counts) {
  try {
    world{seed, broken, tell, counts}.run();
  } catch (const violation& why) {
    return why.what();
  }
  return std::nullopt;
}

}  // namespace holdfast::sim
