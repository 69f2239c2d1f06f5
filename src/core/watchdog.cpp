#include "core/watchdog.hpp"

#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <memory>
#include <system_error>

#include "core/client_core.hpp"
#include "core/per_process.hpp"
#include "core/worker.hpp"

namespace holdfast::core {

watchdog& watchdog::instance() { return per_process<watchdog>(); }

void watchdog::watch(tenure& what, time_point when) {
  const std::lock_guard lock{mutex_};
  if (what.finished()) return;  // Ended meanwhile by another thread, which has told us to forget it, or will.
  if (timer_ < 0) start();
  due_.set(what, what.client()->in_boot_time(when));
  if (due_.earliest() < armed_) arm();
}

void watchdog::forget(tenure& what) noexcept {
  const std::lock_guard lock{mutex_};
  due_.remove(what);  // The timer stays: an idle wake-up is cheaper than a system call for each unlock.
}

void watchdog::start() {
  const int made = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC);
  if (made < 0) throw std::system_error{errno, std::generic_category(), "timerfd_create for the watchdog"};
  timer_ = made;
  try {
    start_worker("hf-watchdog", [this] { run(); }).detach();
  } catch (...) {
    ::close(made);
    timer_ = -1;
    throw;
  }
}

void watchdog::arm() noexcept {
  armed_ = due_.earliest();
  if (armed_ == time_point::max()) return;
  const auto at = armed_.time_since_epoch();
  const auto whole = std::chrono::floor<std::chrono::seconds>(at);
  itimerspec when{};
  when.it_value.tv_sec = static_cast<time_t>(whole.count());
  when.it_value.tv_nsec = static_cast<long>((at - whole).count());
  timerfd_settime(timer_, TFD_TIMER_ABSTIME, &when, nullptr);
}

void watchdog::run() noexcept {
  for (;;) {
    std::uint64_t expirations = 0;
    if (::read(timer_, &expirations, sizeof expirations) < 0 && errno != EINTR) return;
    const std::lock_guard lock{mutex_};
    const time_point now = boot_clock::now();
    while (due_.earliest() <= now) {
      tenure& next = due_.top();
      const time_point again = next.on_watch();
      if (again == time_point::max())
        due_.remove(next);
      else
        due_.set(next, next.client()->in_boot_time(again));
    }
    arm();
  }
}

}  // namespace holdfast::core
