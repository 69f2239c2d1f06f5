#include "store/mysql/deadline_watch.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "core/per_process.hpp"
#include "core/worker.hpp"

namespace holdfast::mysql {
namespace {

/// While statements come and go the thread looks so often, so that the next statement need not wake it; its deadline
/// is later than that, as a rule.
constexpr duration idle_look = std::chrono::milliseconds{500};

}  // namespace

deadline_watch& deadline_watch::instance() { return core::per_process<deadline_watch>(); }

deadline_watch::guard::guard(int socket, time_point by) : socket_{socket}, by_{by} {
  auto& watch = instance();
  const std::lock_guard lock{watch.mutex_};
  if (!watch.running_) {
    core::start_worker("hf-mysql-limit", [&watch] { watch.run(); }).detach();
    watch.running_ = true;
  }
  watch.active_.push_back(this);
  watch.used_ = true;
  if (by_ < watch.wakes_at_) watch.changed_.notify_one();
}

bool deadline_watch::guard::end() noexcept {
  if (std::exchange(ended_, true)) return cut_;
  auto& watch = instance();
  const std::lock_guard lock{watch.mutex_};
  auto& all = watch.active_;
  const auto mine = std::find(all.begin(), all.end(), this);
  if (mine != all.end()) {
    *mine = all.back();
    all.pop_back();
  }
  return cut_;
}

time_point deadline_watch::cut_due(time_point now) {
  time_point next = time_point::max();
  for (guard* each : active_) {
    if (each->cut_) continue;
    if (each->by_ <= now) {
      ::shutdown(each->socket_, SHUT_RDWR);
      each->cut_ = true;
    } else {
      next = std::min(next, each->by_);
    }
  }
  return next;
}

void deadline_watch::run() {
  std::unique_lock lock{mutex_};
  while (true) {
    const time_point now = boot_clock::now();
    time_point next = cut_due(now);
    if (used_) next = std::min(next, now + idle_look);
    used_ = false;
    wakes_at_ = next;
    if (next == time_point::max())
      changed_.wait(lock);
    else
      changed_.wait_for(lock, next - now);
    wakes_at_ = time_point::min();
  }
}

}  // namespace holdfast::mysql
