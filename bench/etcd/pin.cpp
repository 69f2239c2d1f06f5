#include <sched.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "etcd_benches.hpp"

namespace holdfast::bench {
namespace {

cpu_set_t set_of(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (int i = 0; i < CPU_SETSIZE; ++i)
    if (cpu < 0 || i == cpu) CPU_SET(i, &set);
  return set;
}

}  // namespace

void pin_process(pid_t which, int cpu) {
  const auto set = set_of(cpu);
  for (const auto& task : std::filesystem::directory_iterator{"/proc/" + std::to_string(which) + "/task"})
    sched_setaffinity(std::atoi(task.path().filename().c_str()), sizeof set, &set);
}

void pin_this_thread(int cpu) {
  const auto set = set_of(cpu);
  sched_setaffinity(0, sizeof set, &set);
}

}  // namespace holdfast::bench
