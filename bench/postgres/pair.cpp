#include <cstdio>
#include <thread>

#include "bare.hpp"
#include "benches.hpp"
#include "holdfast/holdfast.hpp"
#include "machine.hpp"
#include "paired.hpp"

namespace holdfast::bench {
namespace {

std::string detail_of(const paired& measured, int pairs) {
  char text[160];
  std::snprintf(text, sizeof text, "%.1f us against %.1f us a pair; %s", measured.subject() / pairs * 1e6,
                measured.floor() / pairs * 1e6, load_text().c_str());
  return text;
}

}  // namespace

namespace {

std::vector<figure> one_thread(server& on, const arrangement& how, bool quick) {
  const int batch = quick ? 50 : how.durable ? 100 : 1000;
  client subject{on.url()};
  mutex lock{subject, "stock/42"};
  bare floor{on.conninfo(), "stock/42"};
  const auto measured = interleave(
      quick ? 3 : 31,
      [&] {
        for (int i = 0; i < batch; ++i) {
          lock.lock();
          lock.unlock();
        }
      },
      [&] {
        for (int i = 0; i < batch; ++i) floor.two_updates();
      });
  auto row = measured.ratios("PostgreSQL: lock+unlock / two bare updates, " + std::string{how.told},
                             figure::goal_kind::at_most, 1.15);
  row.detail = detail_of(measured, batch);
  return {row};
}

std::vector<figure> many_threads(server& on, const arrangement& how, bool quick) {
  constexpr int threads = 16;
  const int batch = quick ? 10 : how.durable ? 50 : 150;
  client subject{on.url()};
  std::vector<std::unique_ptr<mutex>> locks;
  std::vector<std::unique_ptr<bare>> floors;
  for (int i = 0; i < threads; ++i) {
    locks.push_back(std::make_unique<mutex>(subject, "thread/" + std::to_string(i)));
    floors.push_back(std::make_unique<bare>(on.conninfo(), "thread/" + std::to_string(i)));
  }
  const auto all = [&](const auto& body) {
    std::vector<std::thread> running;
    for (std::size_t i = 0; i < threads; ++i)
      running.emplace_back([&, i] {
        for (int j = 0; j < batch; ++j) body(i);
      });
    for (auto& each : running) each.join();
  };
  // Throughputs: the other way round than times.
  const auto measured = interleave(
      quick ? 3 : 15, [&] { all([&](std::size_t i) { floors[i]->two_updates(); }); },
      [&] {
        all([&](std::size_t i) {
          locks[i]->lock();
          locks[i]->unlock();
        });
      });
  auto row = measured.ratios("PostgreSQL: pairs/s of 16 threads / bare, " + std::string{how.told},
                             figure::goal_kind::at_least, 0.8);
  char text[160];
  std::snprintf(text, sizeof text, "%.0f against %.0f pairs a second, with 16 connections each; %s",
                threads * batch / measured.floor(), threads * batch / measured.subject(), load_text().c_str());
  row.detail = text;
  return {row};
}

}  // namespace

std::vector<figure> bench_pair(server& on, bool quick) { return in_each_arrangement(on, quick, one_thread); }
std::vector<figure> bench_threads(server& on, bool quick) { return in_each_arrangement(on, quick, many_threads); }

}  // namespace holdfast::bench
