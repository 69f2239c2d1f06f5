#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "benches.hpp"
#include "holdfast/holdfast.hpp"
#include "machine.hpp"
#include "paired.hpp"
#include "process.hpp"

namespace holdfast::bench {
namespace {

constexpr int thread_count = 16;
const std::string name = "turnstile";

/// Another process that wants turns, too.
class other_process {
 public:
  struct waits {
    double longest = 0;
    double median = 0;
    std::size_t count = 0;
  };

  other_process(const settings& with, const std::string& url) {
    int input[2];
    int output[2];
    if (::pipe2(input, O_CLOEXEC) != 0 || ::pipe2(output, O_CLOEXEC) != 0)
      throw std::system_error{errno, std::generic_category(), "pipe2"};
    id_ = start({with.self.string(), "waiter", url, name}, input[0], output[1]);
    ::close(input[0]);
    ::close(output[1]);
    tell_ = input[1];
    hear_ = output[0];
  }
  other_process(const other_process&) = delete;
  other_process& operator=(const other_process&) = delete;
  ~other_process() {
    if (tell_ >= 0) static_cast<void>(stop());
  }

  waits stop() {
    ::close(std::exchange(tell_, -1));
    std::string text(256, '\0');
    const auto got = ::read(hear_, text.data(), text.size() - 1);
    ::close(hear_);
    const auto how = wait_for(id_);
    waits seen;
    if (how.exit_code != 0 || got <= 0 ||
        std::sscanf(text.c_str(), "%lf %lf %zu", &seen.longest, &seen.median, &seen.count) != 3)
      return {};
    return seen;
  }

 private:
  pid_t id_ = -1;
  int tell_ = -1;
  int hear_ = -1;
};

/// One thread's way to have one turn.
using turn_body = std::function<void()>;

/// Turns a second of `thread_count` threads in `span`.
double rate(const std::vector<turn_body>& bodies, std::chrono::milliseconds span) {
  for (const auto& body : bodies) body();  // Opens what is to be opened.
  std::atomic<bool> over{false};
  std::atomic<std::uint64_t> turns{0};
  std::vector<std::thread> threads;
  const double elapsed = seconds_of([&] {
    for (const auto& body : bodies)
      threads.emplace_back([&] {
        std::uint64_t mine = 0;
        for (; !over.load(std::memory_order_relaxed); ++mine) body();
        turns += mine;
      });
    std::this_thread::sleep_for(span);
    over = true;
    for (auto& each : threads) each.join();
  });
  return static_cast<double>(turns.load()) / elapsed;
}

/// Clients with a mutex for each thread: `clients` of them share the threads.
class crowd {
 public:
  crowd(const std::string& url, int clients) {
    for (int i = 0; i < clients; ++i) clients_.push_back(std::make_unique<client>(url));
    for (std::size_t i = 0; i < thread_count; ++i)
      locks_.push_back(std::make_unique<mutex>(*clients_[i % clients_.size()], name));
  }

  double rate_in(std::chrono::milliseconds span) {
    std::vector<turn_body> bodies;
    for (auto& lock : locks_)
      bodies.emplace_back([&lock] {
        lock->lock();
        lock->unlock();
      });
    return rate(bodies, span);
  }

  /// The threads queue at a std::mutex, so that each turn's two verbs meet no other turn's.
  double one_by_one_in(std::chrono::milliseconds span) {
    std::mutex before;
    std::vector<turn_body> bodies;
    for (auto& lock : locks_)
      bodies.emplace_back([&lock, &before] {
        const std::lock_guard mine{before};
        lock->lock();
        lock->unlock();
      });
    return rate(bodies, span);
  }

 private:
  std::vector<std::unique_ptr<client>> clients_;
  std::vector<std::unique_ptr<mutex>> locks_;
};

struct measured {
  paired against_clients;
  paired against_mutex;
  std::vector<double> longest_waits;
  std::vector<double> median_waits;
};

measured measure(const settings& with, const std::string& url) {
  const int rounds = with.quick ? 1 : 7;
  const std::chrono::milliseconds span{with.quick ? 100 : 1000};
  measured result;
  for (int i = 0; i < rounds; ++i) {
    double local = 0;
    {
      crowd one_client{url, 1};
      other_process other{with, url};
      local = one_client.rate_in(span);
      const auto waits = other.stop();
      if (waits.count == 0) throw std::runtime_error{"the other process reported no turn"};
      result.longest_waits.push_back(waits.longest * 1e3);
      result.median_waits.push_back(waits.median * 1e3);
    }
    {
      crowd many_clients{url, thread_count};
      other_process other{with, url};
      result.against_clients.add(local, many_clients.rate_in(span));
    }
    {
      crowd in_line{url, 1};
      other_process other{with, url};
      result.against_mutex.add(local, in_line.one_by_one_in(span));
    }
  }
  return result;
}

std::vector<figure> rows_of(const measured& seen, const std::string& where) {
  auto clients =
      seen.against_clients.ratios("turns/s, 1 client / 16 clients, " + where, figure::goal_kind::at_least, 5);
  // Not a goal of 5: a std::mutex lets one thread have turn after turn, without a switch to another thread, so that only
  // the store's time is saved here. The gate serves the threads in their order. It must not be the slower one for that.
  auto alone = seen.against_mutex.ratios("turns/s, in order / barging at a std::mutex + store, " + where,
                                         figure::goal_kind::at_least, 1);
  char text[200];
  std::snprintf(text, sizeof text, "16 threads: %.0f/s against %.0f/s, another process waiting in both; %s",
                seen.against_clients.subject(), seen.against_clients.floor(), load_text().c_str());
  clients.detail = text;
  std::snprintf(text, sizeof text, "16 threads: %.0f/s against %.0f/s, another process waiting in both",
                seen.against_mutex.subject(), seen.against_mutex.floor());
  alone.detail = text;
  figure wait{.name = "longest wait of another process, " + where, .unit = "ms", .goal = 250};
  auto sorted = seen.longest_waits;
  std::sort(sorted.begin(), sorted.end());
  wait.median = sorted.back();  // The longest of all is what is bounded.
  wait.least = sorted.front();
  wait.most = sorted.back();
  std::snprintf(text, sizeof text, "min: of the round whose longest was shortest; the median wait was %.2f ms",
                median_of(seen.median_waits));
  wait.detail = text;
  return {clients, alone, wait};
}

}  // namespace

std::vector<figure> bench_turns(const settings& with) {
  const auto url = "sqlite:" + (with.folder / "turns.db").string();
  auto rows = rows_of(measure(with, url), "all CPUs");
  const pinned one_cpu;
  for (auto& row : rows_of(measure(with, url), "one CPU")) rows.push_back(std::move(row));
  return rows;
}

}  // namespace holdfast::bench
