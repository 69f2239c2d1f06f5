#include <atomic>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "bare_etcd.hpp"
#include "core/party_text.hpp"
#include "etcd_benches.hpp"
#include "holdfast/holdfast.hpp"
#include "machine.hpp"
#include "paired.hpp"

namespace holdfast::bench {
namespace {

constexpr int thread_count = 64;

/// As long as what holdfast writes.
std::string value() {
  return "holdfast=held 1234567890123456 0123456789abcdef0123456789abcdef\n" + core::own_party_text("");
}

figure one_thread(const etcd_settings& with, const std::string& where) {
  const int rounds = with.quick ? 3 : 41;
  const int batch = with.quick ? 20 : 150;
  client subject{with.server.url()};
  mutex lock{subject, "pair"};
  bare_etcd floor{with.server.endpoint(0)};
  const auto lease = floor.grant(600);
  const auto text = value();
  const std::string key = "pair-floor/0123456789abcdef";
  const auto seen = interleave(
      rounds,
      [&] {
        for (int i = 0; i < batch; ++i) {
          lock.lock();
          lock.unlock();
        }
      },
      [&] {
        for (int i = 0; i < batch; ++i) {
          floor.put(key, text, lease);
          floor.remove(key);
        }
      });
  auto row = seen.ratios("etcd: lock+unlock / two bare Txns, " + where, figure::goal_kind::at_most, 1.15);
  char told[160];
  std::snprintf(told, sizeof told, "%.0f us against %.0f us; %d pairs of batches of %d; %s",
                seen.subject() / batch * 1e6, seen.floor() / batch * 1e6, rounds, batch, load_text().c_str());
  row.detail = told;
  return row;
}

double rate(const std::vector<std::function<void()>>& bodies, std::chrono::milliseconds span) {
  std::atomic<bool> over{false};
  std::atomic<long> done{0};
  std::vector<std::thread> threads;
  const double elapsed = seconds_of([&] {
    for (const auto& body : bodies)
      threads.emplace_back([&] {
        long mine = 0;
        for (; !over; ++mine) body();
        done += mine;
      });
    std::this_thread::sleep_for(span);
    over = true;
    for (auto& each : threads) each.join();
  });
  return static_cast<double>(done) / elapsed;
}

figure many_threads(const etcd_settings& with) {
  const int rounds = with.quick ? 1 : 5;
  const std::chrono::milliseconds span{with.quick ? 100 : 1000};
  client subject{with.server.url()};
  std::vector<std::unique_ptr<mutex>> locks;
  bare_etcd floor{with.server.endpoint(0)};
  const auto lease = floor.grant(600);
  const auto text = value();
  std::vector<std::function<void()>> ours;
  std::vector<std::function<void()>> bare;
  for (int i = 0; i < thread_count; ++i) {
    locks.push_back(std::make_unique<mutex>(subject, "many/" + std::to_string(i)));
    ours.emplace_back([lock = locks.back().get()] {
      lock->lock();
      lock->unlock();
    });
    bare.emplace_back([&, key = "many-floor/" + std::to_string(i)] {
      floor.put(key, text, lease);
      floor.remove(key);
    });
  }
  paired seen;
  rate(ours, span / 4);
  rate(bare, span / 4);
  for (int i = 0; i < rounds; ++i) {
    const double first = rate(i % 2 == 0 ? ours : bare, span);
    const double second = rate(i % 2 == 0 ? bare : ours, span);
    seen.add(i % 2 == 0 ? first : second, i % 2 == 0 ? second : first);
  }
  auto row = seen.ratios("etcd: pairs/s of 64 threads / bare", figure::goal_kind::at_least, 0.8);
  char told[160];
  std::snprintf(told, sizeof told, "%.0f/s against %.0f/s; %s", seen.subject(), seen.floor(), load_text().c_str());
  row.detail = told;
  return row;
}

}  // namespace

std::vector<figure> bench_etcd_pair(const etcd_settings& with) {
  std::vector<figure> rows;
  const auto server = with.server.pid(0);
  // What is started later inherits the thread's CPU: each row has its own clients.
  pin_process(server, 0);
  std::thread{[&] {
    pin_this_thread(0);
    rows.push_back(one_thread(with, "one CPU"));
  }}.join();
  std::thread{[&] {
    pin_this_thread(1);
    rows.push_back(one_thread(with, "a CPU each"));
  }}.join();
  pin_process(server, -1);
  rows.push_back(many_threads(with));
  return rows;
}

}  // namespace holdfast::bench
