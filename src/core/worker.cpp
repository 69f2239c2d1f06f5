#include "core/worker.hpp"

#include <pthread.h>

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
  std::thread made{std::move(body)};
  pthread_setname_np(made.native_handle(), name);
  return made;
}

}  // namespace holdfast::core
