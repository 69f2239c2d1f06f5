#include <algorithm>
#include <atomic>
#include <cstdio>
#include <functional>
#include <latch>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "bare_etcd.hpp"
#include "etcd_benches.hpp"
#include "holdfast/holdfast.hpp"
#include "machine.hpp"
#include "paired.hpp"

namespace holdfast::bench {
namespace {

using namespace std::chrono_literals;
using clock_type = std::chrono::steady_clock;

/// The spans from one's unlock to the next one's lock.
struct spans {
  std::vector<double> seconds;
  double requests = 0;    ///< A hand-off, without the heartbeats of those that wait.
  double heartbeats = 0;  ///< Requests a second while all wait and nothing else happens.
  [[nodiscard]] double at(double share) const {
    auto sorted = seconds;
    std::sort(sorted.begin(), sorted.end());
    if (sorted.empty()) return 0;
    return sorted[std::min(sorted.size() - 1, static_cast<std::size_t>(share * static_cast<double>(sorted.size())))];
  }
};

/// One that locks and unlocks in its own way.
class party_of_two {
 public:
  virtual ~party_of_two() = default;
  virtual void lock() = 0;
  virtual void unlock() = 0;
};

class holdfast_party final : public party_of_two {
 public:
  explicit holdfast_party(const std::string& url) : client_{url}, mutex_{client_, "handoff"} {}
  void lock() override { mutex_.lock(); }
  void unlock() override { mutex_.unlock(); }

 private:
  client client_;
  holdfast::mutex mutex_;
};

class recipe_party final : public party_of_two {
 public:
  explicit recipe_party(const std::string& endpoint) : recipe_{endpoint, "handoff-recipe"} {}
  void lock() override { recipe_.lock(); }
  void unlock() override { recipe_.unlock(); }

 private:
  usual_recipe recipe_;
};

/// What the server answers in a second while all but one wait for that one.
double requests_at_rest(const etcd_settings& with, std::size_t count) {
  const auto span = with.quick ? 500ms : 3000ms;
  client outside{with.server.url()};
  mutex held{outside, "handoff"};
  held.lock();
  std::stop_source over;
  std::vector<std::unique_ptr<client>> clients;
  std::vector<std::thread> waiting;
  for (std::size_t i = 0; i < count; ++i) {
    clients.push_back(std::make_unique<client>(with.server.url()));
    waiting.emplace_back([&, of = clients.back().get()] {
      mutex mine{*of, "handoff"};
      static_cast<void>(mine.acquire({.stop = over.get_token()}));
    });
  }
  resource_view view;
  while (outside.inspect("handoff", view).ok() && view.waiters.size() < count) std::this_thread::sleep_for(20ms);
  std::this_thread::sleep_for(span);  // What they begin with is over.
  const auto before = with.server.requests(0);
  std::this_thread::sleep_for(span);
  const auto spent = with.server.requests(0) - before;
  over.request_stop();
  for (auto& each : waiting) each.join();
  return static_cast<double>(spent) / std::chrono::duration<double>(span).count();
}

/// Each in a thread: takes turns until there were `turns`. Held for 3 ms, within which who went to the end stands again.
spans take_turns(std::vector<std::unique_ptr<party_of_two>>& all, std::size_t turns, testing::etcd_cluster& server,
                 double heartbeats) {
  spans seen;
  seen.heartbeats = heartbeats;
  std::atomic<bool> over{false};
  std::atomic<std::size_t> served{0};
  clock_type::time_point unlocked{};  // The lock protects it, and what is seen.
  bool before = false;
  long requests_before = 0;
  clock_type::time_point began{};
  std::latch ready{static_cast<std::ptrdiff_t>(all.size())};
  std::vector<std::thread> threads;
  for (auto& each : all)
    threads.emplace_back([&] {
      ready.arrive_and_wait();
      while (!over) {
        each->lock();
        const auto now = clock_type::now();
        // The first rounds are for connections, sessions and streams.
        const auto turn = ++served;
        const auto warm = std::min<std::size_t>(2 * all.size(), all.size() + 50);
        if (turn == warm) {
          requests_before = server.requests(0);
          began = clock_type::now();
        }
        if (turn > warm && before && !over)
          seen.seconds.push_back(std::chrono::duration<double>(now - unlocked).count());
        if (seen.seconds.size() >= turns && !over.exchange(true)) {
          const auto spent = static_cast<double>(server.requests(0) - requests_before);
          const auto span = std::chrono::duration<double>(clock_type::now() - began).count();
          seen.requests = (spent - heartbeats * span) / static_cast<double>(turns);
        }
        before = true;
        std::this_thread::sleep_for(3ms);
        unlocked = clock_type::now();
        each->unlock();
        // To stand again is no part of a hand-off: etcd goes through all who wait for it.
        while (!over && served == turn) std::this_thread::sleep_for(100us);
      }
    });
  for (auto& each : threads) each.join();
  return seen;
}

spans ours(const etcd_settings& with, std::size_t count, std::size_t turns) {
  std::vector<std::unique_ptr<party_of_two>> all;
  const double heartbeats = requests_at_rest(with, count);
  for (std::size_t i = 0; i <= count; ++i) all.push_back(std::make_unique<holdfast_party>(with.server.url()));
  return take_turns(all, turns, with.server, heartbeats);
}

spans recipe(const etcd_settings& with, std::size_t turns) {
  std::vector<std::unique_ptr<party_of_two>> all;
  for (int i = 0; i < 3; ++i) all.push_back(std::make_unique<recipe_party>(with.server.endpoint(0)));
  return take_turns(all, turns, with.server, 0);
}

/// A Txn that deletes, the delivery of that, and a Txn that puts, between two bare clients.
spans floor_of(const etcd_settings& with, std::size_t turns) {
  bare_etcd a{with.server.endpoint(0)};
  bare_etcd b{with.server.endpoint(0)};
  bare_watch watch{b};
  const auto lease = a.grant(600);
  spans seen;
  for (std::size_t i = 0; i < turns; ++i) {
    a.put("handoff-floor/1", "x", lease);
    watch.follow("handoff-floor/1");
    clock_type::time_point unlocked;
    std::thread waits;
    std::latch ready{1};
    std::thread other{[&] {
      ready.count_down();
      watch.await_delete();
      b.put("handoff-floor/2", "x", lease);
      seen.seconds.push_back(std::chrono::duration<double>(clock_type::now() - unlocked).count());
    }};
    ready.wait();
    std::this_thread::sleep_for(3ms);
    unlocked = clock_type::now();
    a.remove("handoff-floor/1");
    other.join();
  }
  return seen;
}

figure row(const std::string& name, const std::string& unit, double value, double goal, const std::string& detail,
           figure::goal_kind wants = figure::goal_kind::at_most) {
  figure made{.name = name, .unit = unit, .wants = wants, .goal = goal};
  made.median = made.least = made.most = value;
  made.detail = detail;
  return made;
}

std::string told(const spans& what) {
  char text[160];
  std::snprintf(text, sizeof text, "p50 %.2f ms, p90 %.2f ms, p99 %.2f ms, %zu hand-offs; %s", what.at(0.5) * 1e3,
                what.at(0.9) * 1e3, what.at(0.99) * 1e3, what.seconds.size(), load_text().c_str());
  return text;
}

}  // namespace

std::vector<figure> bench_etcd_handoff(const etcd_settings& with) {
  const std::size_t turns = with.quick ? 20 : 600;
  std::vector<figure> rows;
  const auto floor = floor_of(with, turns);
  const auto two = ours(with, 2, turns);
  const auto thirty_two = ours(with, with.quick ? 4 : 32, turns);
  const auto many = ours(with, with.quick ? 8 : 500, turns);
  const auto usual = recipe(with, with.quick ? 5 : 60);
  rows.push_back(row("etcd: hand-off p50 / floor p50, 2 waiters", "x", two.at(0.5) / floor.at(0.5), 2,
                     told(two) + "; floor " + told(floor)));
  rows.push_back(row("etcd: hand-off p99 / floor p99, 2 waiters", "x", two.at(0.99) / floor.at(0.99), 2,
                     "beside the next row: the floor has a p99 / p50 of its own"));
  const std::pair<const char*, const spans*> all[] = {{"2", &two}, {"32", &thirty_two}, {"500", &many}};
  for (const auto& [count, seen] : all) {
    rows.push_back(row("etcd: hand-off p99 / p50, " + std::string{count} + " waiters", "x",
                       seen->at(0.99) / seen->at(0.5), 2, told(*seen)));
    char text[120];
    std::snprintf(text, sizeof text, "besides the %.0f a second that the same clients' waiting takes by itself",
                  seen->heartbeats);
    rows.push_back(row("etcd: requests a hand-off, " + std::string{count} + " waiters", "", seen->requests, 4, text));
  }
  rows.push_back(
      row("etcd: hand-off p50, 32 waiters / 2", "x", thirty_two.at(0.5) / two.at(0.5), 1.5, told(thirty_two)));
  rows.push_back(row("etcd: hand-off p50, 500 waiters / 2", "x", many.at(0.5) / two.at(0.5), 1.5, told(many)));
  rows.push_back(row("etcd: p99 of the usual recipe / ours", "x", usual.at(0.99) / two.at(0.99), 3,
                     "recipe " + told(usual), figure::goal_kind::at_least));
  return rows;
}

}  // namespace holdfast::bench
