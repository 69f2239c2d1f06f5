#include <condition_variable>
#include <cstdio>
#include <deque>
#include <mutex>
#include <stdexcept>

#include "bare.hpp"
#include "bare_hand_off.hpp"
#include "benches.hpp"
#include "core/system_clock.hpp"
#include "machine.hpp"
#include "paired.hpp"
#include "store/postgres/store.hpp"

namespace holdfast::bench {

std::unique_ptr<core::store> open_store(const std::string& url) {
  core::store_options options;
  options.command_timeout = options.connect_timeout = std::chrono::seconds{20};
  options.time = core::system_clock();
  options.warn = [](const status&) {};
  std::unique_ptr<core::store> made;
  if (const status how = holdfast_store_postgres()->open(core::url::parse(url), options, made); !how.ok())
    throw error{how};
  return made;
}

core::request ask(std::string name) {
  core::request what;
  what.resource = std::move(name);
  what.owner = core::owner_id::random();
  what.ttl = std::chrono::minutes{10};
  what.party = "host=bench\npid=1\n";
  return what;
}

namespace {

time_point soon() { return boot_clock::now() + std::chrono::seconds{20}; }

/// Some clients with waiters of one resource; each hand-off goes to the next of them.
class queue {
 public:
  queue(const std::string& url, std::string name, int waiters) : name_{std::move(name)} {
    for (int i = 0; i < clients; ++i) {
      stores_.push_back(open_store(url));
      stores_.back()->on_turn([this](const core::owner_id& owner) {
        const std::lock_guard lock{mutex_};
        told_ = owner;
        changed_.notify_one();
      });
    }
    holder_ = ask(name_);
    token_ = at(0).acquire(holder_, true, soon()).token;
    for (int i = 0; i < waiters; ++i) join();
    // The listeners come up by themselves; turns before that would be learnt of by a timer.
    for (int i = 0; i < 2 * clients; ++i) hand_off();
  }

  /// From before the release to after the claim.
  double hand_off() {
    auto next = waiting_.front();
    waiting_.pop_front();
    beat();
    core::turn_answer taken;
    const auto seconds = seconds_of([&] {
      at(holding_).release({name_, holder_.owner, {}, token_}, soon());
      {
        std::unique_lock lock{mutex_};
        if (!changed_.wait_for(lock, std::chrono::seconds{1}, [&] { return told_ == next.second.owner; })) ++missed_;
      }
      taken = at(next.first).claim(next.second, soon());
    });
    if (taken.is != core::turn_answer::outcome::granted) throw std::runtime_error{"no hand-off"};
    holding_ = next.first;
    holder_ = next.second;
    token_ = taken.token;
    join();
    return seconds;
  }
  [[nodiscard]] int missed() const { return missed_; }

 private:
  static constexpr int clients = 4;
  core::store& at(int i) { return *stores_[static_cast<std::size_t>(i)]; }
  void join() {
    joined_ = (joined_ + 1) % clients;
    waiting_.emplace_back(joined_, ask(name_));
    at(joined_).acquire(waiting_.back().second, true, soon());
  }
  void beat() {
    if (boot_clock::now() < beat_at_) return;
    beat_at_ = boot_clock::now() + std::chrono::milliseconds{500};
    for (int i = 0; i < clients; ++i) {
      std::vector<core::waiter_ref> mine;
      for (const auto& [client, what] : waiting_)
        if (client == i) mine.push_back({what.resource, what.owner});
      std::vector<core::wait_verdict> verdicts(mine.size());
      if (const auto how = at(i).heartbeat(mine, verdicts, soon()); !how.ok()) throw error{how};
    }
  }

  const std::string name_;
  std::mutex mutex_;
  std::condition_variable changed_;
  core::owner_id told_;
  std::vector<std::unique_ptr<core::store>> stores_;
  std::deque<std::pair<int, core::request>> waiting_;
  core::request holder_;
  std::uint64_t token_ = 0;
  int holding_ = 0;
  int joined_ = 0;
  int missed_ = 0;
  time_point beat_at_{};
};

std::vector<figure> measured_in(server& on, const arrangement& how, bool quick) {
  const int rounds = quick ? 5 : how.durable ? 200 : 400;
  // Those of the arrangement before wait for others still.
  queue few{on.url(), std::string{"few, "} + how.told, 2};
  queue many{on.url(), std::string{"many, "} + how.told, 200};
  bare floor{on.conninfo(), "hand-off"};
  bare_hand_off notified{on.conninfo(), "notified"};
  paired against_floor;
  paired against_notified;
  paired many_against_few;
  for (int i = 0; i < rounds; ++i) {
    const double bare_pair = seconds_of([&] { floor.two_updates(); });
    const double bare_hand_off = seconds_of([&] { notified.once(); });
    const double short_queue = few.hand_off();
    const double long_queue = many.hand_off();
    against_floor.add(short_queue, bare_pair);
    against_notified.add(short_queue, bare_hand_off);
    many_against_few.add(long_queue, short_queue);
  }
  char text[240];
  std::snprintf(text, sizeof text,
                "%.0f us against %.0f us; two bare updates with a NOTIFY between them: %.0f us; %d without a hint; %s",
                against_floor.subject() * 1e6, against_floor.floor() * 1e6, against_notified.floor() * 1e6,
                few.missed(), load_text().c_str());
  auto one = against_floor.ratios("PostgreSQL: hand-off, 2 waiters / two bare updates, " + std::string{how.told},
                                  figure::goal_kind::at_most, 2);
  one.detail = text;
  std::snprintf(text, sizeof text, "%.0f us against %.0f us; %d without a hint", many_against_few.subject() * 1e6,
                many_against_few.floor() * 1e6, many.missed());
  auto other = many_against_few.ratios("PostgreSQL: hand-off, 200 waiters / 2, " + std::string{how.told},
                                       figure::goal_kind::at_most, 1.5);
  other.detail = text;
  return {one, other};
}

}  // namespace

std::vector<figure> bench_hand_off(server& on, bool quick) { return in_each_arrangement(on, quick, measured_in); }

}  // namespace holdfast::bench
