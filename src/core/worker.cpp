#include "core/worker.hpp"

#include <pthread.h>
#include <sys/prctl.h>

#include <csignal>
#include <utility>

namespace holdfast::core {

std::thread start_worker(const char* name, std::function<void()> body) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  struct restore {
    const sigset_t& mask;
    ~restore() { pthread_sigmask(SIG_SETMASK, &mask, nullptr); }
  } restored{before};
  // Named by itself: for another thread the name goes through a file of /proc.
  return std::thread{[name, body = std::move(body)] {
    prctl(PR_SET_NAME, name);
    body();
  }};
}

void leave_worker(std::thread& which) noexcept {
  if (!which.joinable()) return;
  if (which.get_id() == std::this_thread::get_id())
    which.detach();
  else
    which.join();
}

}  // namespace holdfast::core
