#include "redis/server.hpp"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <vector>

#include "process.hpp"
#include "support/port.hpp"

namespace holdfast::bench {

namespace {

void check(bool good, const char* what) {
  if (!good) throw std::system_error{errno, std::generic_category(), what};
}

std::vector<int> allowed_cpus() {
  cpu_set_t set;
  check(sched_getaffinity(0, sizeof set, &set) == 0, "sched_getaffinity");
  std::vector<int> all;
  for (int i = 0; i < CPU_SETSIZE; ++i)
    if (CPU_ISSET(i, &set)) all.push_back(i);
  return all;
}

void set_cpu(pid_t who, int cpu) {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(cpu, &one);
  check(sched_setaffinity(who, sizeof one, &one) == 0, "sched_setaffinity");
}

bool answers(const std::string& path) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  std::strncpy(at.sun_path, path.c_str(), sizeof at.sun_path - 1);
  const bool connected = ::connect(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0;
  ::close(fd);
  return connected;
}

}  // namespace

// The last ones: the first has most of the machine's interrupts.
cpus cpus::shared() {
  const int last = allowed_cpus().back();
  return {last, last};
}
cpus cpus::one_each() {
  const auto all = allowed_cpus();
  return {all.back(), all[all.size() < 2 ? 0 : all.size() - 2]};
}

on_cpu::on_cpu(int cpu) {
  cpu_set_t set;
  check(sched_getaffinity(0, sizeof set, &set) == 0, "sched_getaffinity");
  before_.assign(reinterpret_cast<const char*>(&set), sizeof set);
  set_cpu(0, cpu);
}

on_cpu::~on_cpu() {
  cpu_set_t set;
  std::memcpy(&set, before_.data(), sizeof set);
  sched_setaffinity(0, sizeof set, &set);
}

redis_server::redis_server(const std::filesystem::path& folder) : port_{testing::free_port()} {
  // A Unix socket's path is short: not below the build folder.
  std::string place = "/tmp/holdfast-bench-XXXXXX";
  check(::mkdtemp(place.data()) != nullptr, "mkdtemp");
  socket_ = place + "/redis.sock";
  const int log = ::open((place + "/log").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  id_ = start({"redis-server", "--port", std::to_string(port_), "--bind", "127.0.0.1", "--unixsocket", socket_, "--dir",
               folder.string(), "--save", "3600 1000000000", "--loglevel", "warning"},
              -1, log);
  ::close(log);
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{20};
  while (!answers(socket_)) {
    if (std::chrono::steady_clock::now() > until) throw std::runtime_error{"redis-server did not start"};
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
}

redis_server::~redis_server() {
  ::kill(id_, SIGKILL);
  wait_for(id_);
  std::error_code ignored;
  std::filesystem::remove_all(std::filesystem::path{socket_}.parent_path(), ignored);
}

void redis_server::pin(int cpu) const {
  for (const auto& task : std::filesystem::directory_iterator{"/proc/" + std::to_string(id_) + "/task"})
    set_cpu(std::stoi(task.path().filename()), cpu);
}

double redis_server::cpu_seconds() const {
  std::ifstream stat{"/proc/" + std::to_string(id_) + "/schedstat"};
  double nanoseconds = 0;
  stat >> nanoseconds;
  return nanoseconds / 1e9;
}

}  // namespace holdfast::bench
