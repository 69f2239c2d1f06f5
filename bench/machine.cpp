#include "machine.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <thread>

namespace holdfast::bench {

pinned::pinned(int cpu) {
  if (sched_getaffinity(0, sizeof before_, &before_) != 0)
    throw std::system_error{errno, std::generic_category(), "sched_getaffinity"};
  // The last one: the first has most of the machine's interrupts.
  int last = CPU_SETSIZE - 1;
  while (last > 0 && !CPU_ISSET(last, &before_)) --last;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(cpu < 0 ? last : cpu, &one);
  if (sched_setaffinity(0, sizeof one, &one) != 0)
    throw std::system_error{errno, std::generic_category(), "sched_setaffinity"};
}

pinned::~pinned() { sched_setaffinity(0, sizeof before_, &before_); }

std::size_t resident_bytes() {
  std::ifstream statm{"/proc/self/statm"};
  std::size_t size = 0;
  std::size_t resident = 0;
  statm >> size >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

double thread_seconds(const std::string& name) {
  for (const auto& task : std::filesystem::directory_iterator{"/proc/self/task"}) {
    std::ifstream comm{task.path() / "comm"};
    std::string known;
    if (!std::getline(comm, known) || known != name) continue;
    std::ifstream stat{task.path() / "schedstat"};
    double nanoseconds = 0;
    stat >> nanoseconds;
    return nanoseconds / 1e9;
  }
  return 0;
}

std::string load_text() {
  double load = 0;
  if (getloadavg(&load, 1) != 1) return "load unknown";
  char text[64];
  std::snprintf(text, sizeof text, "load %.2f on %u CPUs", load, std::thread::hardware_concurrency());
  return text;
}

}  // namespace holdfast::bench
