#include "store/sqlite/listener.hpp"

#include <pthread.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <utility>
#include <vector>

#include "core/worker.hpp"

namespace holdfast::sqlite {

/// What the thread needs, and keeps if it outlives the listener.
struct listener::shared {
  std::shared_ptr<engine> with;
  core::store::turn_callback callback;
  std::atomic<bool> stopped{false};
};

listener::listener(std::shared_ptr<engine> with) : shared_{std::make_shared<shared>()} {
  shared_->with = std::move(with);
}

listener::~listener() {
  if (!thread_.joinable()) return;
  shared_->stopped = true;
  shared_->with->wakes().rouse();
  core::leave_worker(thread_);
}

void listener::set(core::store::turn_callback callback) { shared_->callback = std::move(callback); }

void listener::start() {
  const std::lock_guard lock{starting_};
  if (thread_.joinable()) return;
  // The process' signals are for its own threads.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    thread_ = std::thread{[with = shared_] { listen(with); }};
  } catch (const std::system_error&) {  // No thread to be had: the waiters' timers must do.
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void listener::listen(const std::shared_ptr<shared>& with) {
  constexpr duration longest_sleep = std::chrono::seconds{5};
  constexpr duration longest_look = std::chrono::seconds{1};
  auto& file = with->with->wakes();
  while (!with->stopped) {
    const auto word = file.word();
    std::vector<core::owner_id> turns;
    try {
      const auto address = file.address();
      with->with->run(transaction::kind::read, boot_clock::now() + longest_look, [&](protocol& tables, const moment&) {
        tables.leases().each_handed_off(address, [&](const core::owner_id& owner) { turns.push_back(owner); });
        return 0;
      });
    } catch (...) {
      turns.assign(1, core::owner_id{});  // Somebody's turn, it may be: all must look.
    }
    for (const auto& owner : turns) {
      if (with->stopped) return;
      if (with->callback) with->callback(owner);
    }
    if (!with->stopped) file.sleep(word, longest_sleep);
  }
}

}  // namespace holdfast::sqlite
