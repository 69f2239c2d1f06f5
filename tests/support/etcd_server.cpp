#include "support/etcd_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <stdexcept>

namespace holdfast::testing {
etcd_cluster::etcd_cluster(options how) : how_{std::move(how)}, members_(how_.members) {
  for (auto& each : members_) {
    each.client_port = free_port();
    each.peer_port = free_port();
  }
  for (std::size_t i = 0; i < members_.size(); ++i) start(i);
  if (!await_healthy()) throw std::runtime_error{"etcd does not start:" + what_members_say()};
}

std::string etcd_cluster::what_members_say() {
  std::string all;
  for (auto& each : members_)
    all.append("\nport " + std::to_string(each.client_port) + ", peers' port " + std::to_string(each.peer_port))
        .append(each.running->running() ? ", runs: " : ", ended: ")
        .append(each.running->err());
  return all + "\netcdctl endpoint health: " + control({"endpoint", "health"}).err;
}

etcd_cluster::~etcd_cluster() {
  for (auto& each : members_)
    if (each.running) each.running->signal(SIGKILL);
  for (auto& each : members_) each.running.reset();
}

std::string etcd_cluster::initial_cluster() const {
  std::string all;
  for (std::size_t i = 0; i < members_.size(); ++i)
    all.append(all.empty() ? "" : ",")
        .append("m" + std::to_string(i) + "=http://127.0.0.1:" + std::to_string(members_[i].peer_port));
  return all;
}

void etcd_cluster::start(std::size_t index) {
  auto& which = members_.at(index);
  const auto name = "m" + std::to_string(index);
  const auto peer = "http://127.0.0.1:" + std::to_string(which.peer_port);
  const auto client = scheme() + "://" + endpoint(index);
  // Ended with this program, however that ends.
  launch what{.words = {"setpriv",
                        "--pdeathsig",
                        "KILL",
                        "etcd",
                        "--name",
                        name,
                        "--data-dir",
                        folder_.file(name),
                        "--listen-client-urls",
                        client,
                        "--advertise-client-urls",
                        client,
                        "--listen-peer-urls",
                        peer,
                        "--initial-advertise-peer-urls",
                        peer,
                        "--initial-cluster",
                        initial_cluster(),
                        "--heartbeat-interval",
                        "50",
                        "--election-timeout",
                        "500",
                        "--log-level",
                        "error",
                        "--logger",
                        "zap",
                        "--log-outputs",
                        "stderr"}};
  if (!how_.certificate.empty())
    what.words.insert(what.words.end(), {"--cert-file", how_.certificate, "--key-file", how_.key});
  if (!how_.client_authority.empty())
    what.words.insert(what.words.end(), {"--trusted-ca-file", how_.client_authority, "--client-cert-auth"});
  what.words.insert(what.words.end(), how_.more.begin(), how_.more.end());
  if (how_.users) {
    const auto id = user(index);
    const auto data = folder_.file(name);
    std::filesystem::create_directories(data);
    if (::chmod(folder_.path().c_str(), 0711) != 0 || ::chmod(data.c_str(), 0700) != 0 ||
        ::chown(data.c_str(), id, id) != 0)
      throw std::runtime_error{"can't give a folder to another user (needs root)"};
    const std::vector<std::string> as{"--reuid", std::to_string(id), "--regid", std::to_string(id), "--clear-groups"};
    what.words.insert(what.words.begin() + 1, as.begin(), as.end());
  }
  which.running = std::make_unique<process>(what, folder_.path());
}

void etcd_cluster::kill(std::size_t index) {
  auto& which = members_.at(index);
  which.running->signal(SIGKILL);
  which.running->wait();
}

void etcd_cluster::signal(std::size_t index, int number) { members_.at(index).running->signal(number); }

std::string etcd_cluster::url_of(const std::vector<std::size_t>& members) const {
  std::string all;
  for (const auto each : members) all.append(all.empty() ? "" : ",").append(endpoint(each));
  return (how_.certificate.empty() ? "etcd://" : "etcds://") + all;
}

std::string etcd_cluster::url() const {
  std::vector<std::size_t> all;
  for (std::size_t i = 0; i < members_.size(); ++i) all.push_back(i);
  return url_of(all);
}

launch etcd_cluster::control_command(const std::vector<std::string>& words) const {
  std::string all;
  for (std::size_t i = 0; i < members_.size(); ++i) all.append(i == 0 ? "" : ",").append(endpoint(i));
  launch what{.words = {"etcdctl", "--endpoints", all}, .environment = {{"ETCDCTL_API", "3"}}};
  what.words.insert(what.words.end(), words.begin(), words.end());
  return what;
}

tool_result etcd_cluster::control(const std::vector<std::string>& words) const {
  process one{control_command(words), folder_.path()};
  const int code = one.wait();
  return {code, one.out(), one.err()};
}

void etcd_cluster::delete_all_keys() const {
  const auto how = control({"del", "", "--from-key"});
  if (how.code != 0) throw std::runtime_error{"etcdctl del: " + how.err};
}

namespace {

/// What it says of itself at /metrics.
std::string metrics_of(int port) {
  const int one = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  const std::string ask = "GET /metrics HTTP/1.0\r\n\r\n";
  std::string text;
  if (::connect(one, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
      ::write(one, ask.data(), ask.size()) == static_cast<ssize_t>(ask.size())) {
    char some[4096];
    for (ssize_t got = 0; (got = ::read(one, some, sizeof some)) > 0;) text.append(some, static_cast<std::size_t>(got));
  }
  ::close(one);
  return text;
}

/// The sum of one of its counters over all methods, or for that one.
long counted(int port, const std::string& counter, const std::string& method = {}) {
  std::istringstream lines{metrics_of(port)};
  long all = 0;
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with(counter + "{") && line.find("grpc_method=\"" + method) != std::string::npos)
      all += std::stol(line.substr(line.rfind(' ') + 1));
  return all;
}

}  // namespace

long etcd_cluster::requests(std::size_t which) const { return counted(port(which), "grpc_server_handled_total"); }

long etcd_cluster::messages(std::size_t which) const { return counted(port(which), "grpc_server_msg_received_total"); }

long etcd_cluster::keep_alives(std::size_t which) const {
  return counted(port(which), "grpc_server_msg_received_total", "LeaseKeepAlive");
}

long etcd_cluster::keep_alive_streams(std::size_t which) const {
  return counted(port(which), "grpc_server_started_total", "LeaseKeepAlive");
}

bool etcd_cluster::all_run() {
  return std::all_of(members_.begin(), members_.end(), [](auto& each) { return each.running->running(); });
}

bool etcd_cluster::await_healthy() {
  if (!how_.certificate.empty())
    return eventually([&] {  // etcdctl would need certificates, too.
      const int one = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      sockaddr_in address{};
      address.sin_family = AF_INET;
      address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      address.sin_port = htons(static_cast<std::uint16_t>(port(0)));
      const bool there = ::connect(one, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
      ::close(one);
      return there;
    });
  bool healthy = false;
  eventually([&] { return (healthy = control({"endpoint", "health"}).code == 0) || !all_run(); });
  return healthy;
}

std::size_t etcd_cluster::leader() const {
  std::size_t found = members_.size();
  static_cast<void>(eventually([&] {
    for (std::size_t i = 0; i < members_.size(); ++i) {
      auto what = control_command({"endpoint", "status", "-w", "fields"});
      what.words.at(2) = endpoint(i);
      process one{what, folder_.path()};
      if (one.wait() != 0) continue;
      const auto field = [text = one.out()](const std::string& name) {
        const auto at = text.find("\"" + name + "\" : ");
        return at == std::string::npos ? std::string{}
                                       : text.substr(at, text.find('\n', at) - at).substr(name.size() + 5);
      };
      if (!field("Leader").empty() && field("Leader") == field("MemberID")) found = i;
    }
    return found < members_.size();
  }));
  return found;
}

}  // namespace holdfast::testing
