#pragma once

#include <memory>
#include <string>
#include <vector>

#include "support/port.hpp"
#include "support/process.hpp"

namespace holdfast::testing {

/// How a program ended.
struct tool_result {
  int code = -1;
  std::string out;
  std::string err;
};

/// A cluster of real etcd servers on loopback, in memory and with short timings: it elects a leader within a second
/// and takes leases of 1 s. Gone with this object.
class etcd_cluster {
 public:
  struct options {
    std::size_t members = 1;
    /// Of a member's own client port: certificate, key, and the authority that clients' certificates must be signed by.
    std::string certificate;
    std::string key;
    std::string client_authority;
    std::vector<std::string> more;  ///< Options of etcd's.
    bool users = false;  ///< Each member runs as another user, so that its traffic can be told from the others'.
  };
  etcd_cluster() : etcd_cluster{options{}} {}
  explicit etcd_cluster(options how);
  etcd_cluster(const etcd_cluster&) = delete;
  etcd_cluster& operator=(const etcd_cluster&) = delete;
  ~etcd_cluster();

  [[nodiscard]] std::size_t size() const noexcept { return members_.size(); }
  [[nodiscard]] int port(std::size_t which) const { return members_.at(which).client_port; }
  [[nodiscard]] int peer_port(std::size_t which) const { return members_.at(which).peer_port; }
  [[nodiscard]] unsigned user(std::size_t which) const { return first_user + static_cast<unsigned>(which); }
  [[nodiscard]] std::string endpoint(std::size_t which) const { return "127.0.0.1:" + std::to_string(port(which)); }
  /// `etcd://` and all members, or those.
  [[nodiscard]] std::string url() const;
  [[nodiscard]] std::string url_of(const std::vector<std::size_t>& members) const;

  /// Runs etcdctl on it, to its end.
  tool_result control(const std::vector<std::string>& words) const;
  /// Such a command, to be started.
  [[nodiscard]] launch control_command(const std::vector<std::string>& words) const;
  void delete_all_keys() const;
  [[nodiscard]] std::size_t leader() const;
  /// How many requests the member has answered so far, streams not counted.
  [[nodiscard]] long requests(std::size_t which) const;
  /// How many messages its clients have sent it, on streams too.
  [[nodiscard]] long messages(std::size_t which) const;
  /// Those of them that were keep-alives of leases, and on how many streams.
  [[nodiscard]] long keep_alives(std::size_t which) const;
  [[nodiscard]] long keep_alive_streams(std::size_t which) const;
  /// Waits until it serves.
  [[nodiscard]] bool await_healthy();

  void signal(std::size_t which, int number);
  void start(std::size_t which);
  /// Killed, as by kill -9, and reaped. Its data stays for `start`.
  void kill(std::size_t which);
  [[nodiscard]] pid_t pid(std::size_t which) const { return members_.at(which).running->pid(); }

 private:
  struct member {
    int client_port = 0;
    int peer_port = 0;
    std::unique_ptr<process> running;
  };
  [[nodiscard]] std::string scheme() const { return how_.certificate.empty() ? "http" : "https"; }
  [[nodiscard]] std::string initial_cluster() const;
  [[nodiscard]] bool all_run();
  [[nodiscard]] std::string what_members_say();

  static constexpr unsigned first_user = 64100;
  options how_;
  temporary_folder folder_{temporary_folder::place::memory};  // Each write of etcd's waits for the disk.
  std::vector<member> members_;
};

}  // namespace holdfast::testing
