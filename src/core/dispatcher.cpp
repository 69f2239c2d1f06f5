#include "core/dispatcher.hpp"

#include <system_error>
#include <utility>

#include "core/per_process.hpp"
#include "core/worker.hpp"

namespace holdfast::core {

dispatcher& dispatcher::instance() { return per_process<dispatcher>(); }

void dispatcher::post(std::function<void()> callback) noexcept {
  const std::lock_guard lock{mutex_};
  queue_.push_back(std::move(callback));
  if (!running_) {
    try {
      start_worker("hf-dispatch", [this] { run(); }).detach();
      running_ = true;
    } catch (const std::system_error&) {
      return;  // No thread to be had: what is queued runs once a later post gets one.
    }
  }
  filled_.notify_one();
}

void dispatcher::tell(const std::shared_ptr<observer>& to, event what) noexcept {
  if (to && to->wants(what.kind)) post([to, what = std::move(what)] { to->on(what); });
}

void dispatcher::run() {
  std::unique_lock lock{mutex_};
  for (;;) {
    while (queue_.empty()) filled_.wait(lock);
    auto next = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    next();
    next = nullptr;  // What the callback owns goes before the lock is taken: it may be the last of a client.
    lock.lock();
  }
}

}  // namespace holdfast::core
