#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>

namespace holdfast::bench {

/// Which CPUs there are to be pinned to. With one, all is there.
struct cpus {
  int client = 0;
  int server = 0;  ///< The same, or another.

  static cpus shared();
  static cpus one_each();
};

/// While it lives the calling thread, and what it starts, runs on that CPU.
class on_cpu {
 public:
  explicit on_cpu(int cpu);
  ~on_cpu();
  on_cpu(const on_cpu&) = delete;
  on_cpu& operator=(const on_cpu&) = delete;

 private:
  std::string before_;
};

/// A redis-server of the bench's own: a free port of 127.0.0.1, and a socket in `folder`. Ended with the object.
class redis_server {
 public:
  explicit redis_server(const std::filesystem::path& folder);
  ~redis_server();
  redis_server(const redis_server&) = delete;
  redis_server& operator=(const redis_server&) = delete;

  void pin(int cpu) const;
  [[nodiscard]] double cpu_seconds() const;
  [[nodiscard]] int port() const noexcept { return port_; }
  [[nodiscard]] const std::string& socket() const noexcept { return socket_; }
  [[nodiscard]] std::string url() const { return "redis://127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] std::string unix_url() const { return "unix://" + socket_; }

 private:
  int port_ = 0;
  pid_t id_ = -1;
  std::string socket_;
};

}  // namespace holdfast::bench
