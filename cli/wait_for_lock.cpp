#include "wait_for_lock.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <stop_token>
#include <thread>

#include "duration_text.hpp"
#include "escape.hpp"
#include "log.hpp"
#include "signals.hpp"
#include "who_text.hpp"

namespace holdfast::cli {
namespace {

/// Reads signals while its maker waits, and stops the wait when one comes that is to end it.
class signal_watcher {
 public:
  explicit signal_watcher(const sigset_t& watched)
      : signals_{::signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK)},
        over_{::eventfd(0, EFD_CLOEXEC)},
        thread_{[this] { watch(); }} {}
  signal_watcher(const signal_watcher&) = delete;
  signal_watcher& operator=(const signal_watcher&) = delete;
  ~signal_watcher() {
    end();
    ::close(signals_);
    ::close(over_);
  }

  [[nodiscard]] std::stop_token token() const { return stop_.get_token(); }

  /// Ends the watch; the signal that ended the wait, or 0.
  int end() {
    if (thread_.joinable()) {
      const std::uint64_t one = 1;
      [[maybe_unused]] const ssize_t written = ::write(over_, &one, sizeof one);
      thread_.join();
    }
    return signal_;
  }

 private:
  void watch() {
    pollfd watched[2] = {{signals_, POLLIN, 0}, {over_, POLLIN, 0}};
    while (signal_ == 0) {
      if (::poll(watched, 2, -1) < 0) continue;
      if (watched[1].revents != 0) return;
      signalfd_siginfo info;
      if (::read(signals_, &info, sizeof info) == sizeof info) on_signal(static_cast<int>(info.ssi_signo));
    }
  }

  void on_signal(int signal) {
    if (is_job_stop(signal)) {
      stop_self(signal);
    } else if (ends_a_process(signal)) {
      signal_ = signal;
      stop_.request_stop();
    }
  }

  const int signals_;
  const int over_;
  std::atomic<int> signal_{0};
  std::stop_source stop_;
  std::thread thread_;
};

void tell_who_holds(client& from, const std::string& name) {
  if (!verbose()) return;
  std::string line = "waiting for `" + escape(name) + "`";
  resource_view view;
  if (from.inspect(name, view).ok() && !view.holders.empty()) {
    const holder_view& holder = view.holders.front();
    line += ", held by " + who_text(holder.who);
    if (!is_foreign(holder.who)) line += " for " + show_duration(holder.held_for);
    line += "; " + std::to_string(view.waiters.size()) + " waiting";
  }
  say_more(line);
}

}  // namespace

wait_result wait_for_lock(client& from, held_lock& lock, const std::string& name, const lock_options& how,
                          std::optional<duration> wait, const sigset_t& watched) {
  const time_point began = boot_clock::now();
  // Mostly the lock is free, and then neither a thread nor a queue is needed.
  status why = from.acquire(lock, name, how, wait_options{.timeout = duration::zero(), .stop = {}});
  if (!(why == errc::busy) || (wait && *wait <= duration::zero())) return {std::move(why), 0};

  signal_watcher watcher{watched};
  tell_who_holds(from, name);
  wait_options patience{.timeout = wait, .stop = watcher.token()};
  // Not below a nanosecond: zero would say busy where the wait timed out.
  if (wait) patience.timeout = std::max<duration>(*wait - (boot_clock::now() - began), duration{1});
  why = from.acquire(lock, name, how, std::move(patience));
  const int signal = watcher.end();
  if (signal != 0 && why.ok()) static_cast<void>(lock.release());  // they crossed; the signal was first
  return {std::move(why), signal};
}

}  // namespace holdfast::cli
