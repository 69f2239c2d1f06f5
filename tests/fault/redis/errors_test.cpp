#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <thread>
#include <utility>

#include "fixture.hpp"
#include "support/proxy.hpp"

/// What people get wrong and what servers do: each has a message and a code of its own, and nothing hangs.
namespace holdfast::testing {
namespace {

class redis_errors_test : public redis_command_test {
 protected:
  ended run_on(const std::string& store) {
    return holdfast({"run", "-s", store, "-w", "20s", "k", "--", "echo", "ran"});
  }

  void fails(const std::string& store, int code, const std::string& named) {
    const auto began = steady_clock::now();
    const ended one = run_on(store);
    EXPECT_EQ(one.code, code) << one.err;
    EXPECT_EQ(one.out, "");
    EXPECT_THAT(one.err, HasSubstr(named));
    EXPECT_LT(steady_clock::now() - began, 15s);
  }
  std::string on_port(int port, const std::string& scheme = "redis") {
    return scheme + "://127.0.0.1:" + std::to_string(port);
  }
  std::string as_user(const std::string& user) {
    return "redis://" + user + "@127.0.0.1:" + std::to_string(server().port());
  }
};

/// Answers whatever is sent with the same bytes: once for each connection, or for each command.
class impostor {
 public:
  explicit impostor(std::string says, bool each_command = false)
      : says_{std::move(says)}, each_command_{each_command}, socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(socket_, reinterpret_cast<sockaddr*>(&address), size);
    ::listen(socket_, 16);
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
    port = ntohs(address.sin_port);
    thread_ = std::thread{[this] { serve(); }};
  }
  ~impostor() {
    ::shutdown(socket_, SHUT_RDWR);
    thread_.join();
    ::close(socket_);
  }
  impostor(const impostor&) = delete;
  impostor& operator=(const impostor&) = delete;
  int port = 0;

 private:
  void serve() {
    while (true) {
      const int client = ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
      if (client < 0) return;
      char buffer[4096];
      bool first = true;
      for (ssize_t got = 1; (got = ::recv(client, buffer, sizeof buffer, 0)) > 0; first = false) {
        const std::string_view asked{buffer, static_cast<std::size_t>(got)};
        const auto commands = std::count(asked.begin(), asked.end(), '*');
        for (auto i = each_command_ ? commands : first ? 1 : 0; i > 0; --i)
          ::send(client, says_.data(), says_.size(), MSG_NOSIGNAL);
        if (!each_command_) ::shutdown(client, SHUT_WR);
      }
      ::close(client);
    }
  }
  const std::string says_;
  const bool each_command_;
  const int socket_;
  std::thread thread_;
};

TEST_F(redis_errors_test, urls) {
  fails("redis://127.0.0.1:99999", 64, "99999");
  fails("redis://127.0.0.1/notanumber", 64, "notanumber");
  fails(on_port(server().port()) + "?frob=1", 64, "frob");
  fails(on_port(free_port()), 69, "listens");
  fails("unix:///no/such.sock", 69, "no/such.sock");
  fails("redis://no-such-host.invalid", 69, "no-such-host.invalid");
}

TEST_F(redis_errors_test, credentials) {
  cli({"ACL", "SETUSER", "default", ">s3cret"});
  cli({"ACL", "SETUSER", "default", "resetpass", ">s3cret"});
  fails(on_port(server().port()), 77, "password");
  const ended one = run_on(as_user(":wr0ng"));
  EXPECT_EQ(one.code, 77) << one.err;
  EXPECT_EQ(one.err.find("wr0ng"), std::string::npos) << one.err;
  EXPECT_EQ(run_on(as_user(":s3cret")).code, 0);
}

TEST_F(redis_errors_test, rights) {
  cli({"ACL", "SETUSER", "narrow", "on", ">pw", "~app:*", "&*", "+@all"});
  fails(as_user("narrow:pw"), 77, "right");
  cli({"ACL", "SETUSER", "reader", "on", ">pw", "~*", "&*", "+@read", "+@connection"});
  fails(as_user("reader:pw"), 77, "right");
  cli({"ACL", "SETUSER", "half", "on", ">pw", "~*", "&*", "+@all", "-set"});
  fails(as_user("half:pw"), 77, "right");
  EXPECT_TRUE(is_free("k"));
  cli({"ACL", "SETUSER", "whole", "on", ">pw", "~*", "&holdfast:*", "+@all"});
  EXPECT_EQ(run_on(as_user("whole:pw")).code, 0);
}

TEST_F(redis_errors_test, no_right_to_channels_costs_time_only) {
  cli({"ACL", "SETUSER", "mute", "on", ">pw", "~*", "resetchannels", "+@all"});
  process holder = start_holder("k");
  process waiter = start({"run", "-v", "-s", as_user("mute:pw"), "k", "--", "echo", "ran"});
  ASSERT_TRUE(await_waiters("k", 1));
  holder.signal(SIGTERM);
  EXPECT_EQ(waiter.wait(), 0) << waiter.err();
  EXPECT_EQ(waiter.out(), "ran\n");
  EXPECT_THAT(waiter.err(), HasSubstr("warning"));
}

TEST_F(redis_errors_test, servers_that_are_something_else) {
  const impostor web{"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"};
  fails(on_port(web.port), 78, "web server");
  const impostor mute{""};
  fails(on_port(mute.port), 69, on_port(mute.port));
  const impostor noise{"\x01\x02\x03 who are you?\n"};
  fails(on_port(noise.port), 78, on_port(noise.port));
}

TEST_F(redis_errors_test, servers_that_are_not_ready) {
  const impostor loading{"-LOADING Redis is loading the dataset in memory\r\n", true};
  fails(on_port(loading.port), 69, "loading");
  const impostor full{"-ERR max number of clients reached\r\n"};
  fails(on_port(full.port), 69, "maxclients");
}

TEST_F(redis_errors_test, too_many_clients) {
  const process holder = start_holder("other");
  cli({"CONFIG", "SET", "maxclients", "1"});
  fails(on_port(server().port()), 69, "maxclients");
}

TEST_F(redis_errors_test, tls) {
  const redis_server safe{{.tls = true}};
  EXPECT_EQ(run_on(safe.tls_url()).code, 0);
  fails(on_port(safe.port(), "rediss"), 69, "TLS");
  fails(on_port(safe.tls_port()), 69, "rediss");
  fails(on_port(safe.tls_port(), "rediss"), 78, "certificate");
  fails(safe.tls_url() + "&server_name=wrong.example", 78, "wrong.example");
  fails(on_port(safe.tls_port(), "rediss") + "?ca=/no/such.pem", 78, "/no/such.pem");
}

TEST_F(redis_errors_test, keys_that_are_no_locks) {
  cli({"LPUSH", "k", "1"});
  fails(store_, 78, "list");
  EXPECT_EQ(holdfast({"show", "k"}).code, 78);
  cli({"DEL", "k"});
  cli({"SET", "k", "v"});
  const ended busy = holdfast({"run", "-n", "k", "--", "true"});
  EXPECT_EQ(busy.code, 75);
  EXPECT_THAT(busy.err, HasSubstr("without expiry"));
  const ended late = holdfast({"run", "-w", "1s", "k", "--", "true"});
  EXPECT_EQ(late.code, 75);
  EXPECT_THAT(late.err, HasSubstr("without expiry"));
}

TEST_F(redis_errors_test, names_that_read_as_side_keys) {
  const ended one = holdfast({"run", "{k}:holdfast:lease:k", "--", "true"});
  EXPECT_EQ(one.code, 64);
  EXPECT_THAT(one.err, HasSubstr("another"));
}

TEST_F(redis_errors_test, out_of_memory) {
  cli({"CONFIG", "SET", "maxmemory", "1"});
  fails(store_, 69, "memory");
  cli({"CONFIG", "SET", "maxmemory", "0"});
  EXPECT_EQ(run_on(store_).code, 0);
}

TEST_F(redis_errors_test, a_disk_that_fails) {
  const redis_server failing{{.words = {"--enable-protected-configs", "yes"}}};
  const std::string gone = folder_.file("gone");
  std::filesystem::create_directory(gone);
  ASSERT_EQ(failing.cli({"CONFIG", "SET", "dir", gone}), "OK");
  std::filesystem::remove(gone);
  failing.cli({"BGSAVE"});
  ASSERT_TRUE(eventually([&] {
    return failing.cli({"INFO", "persistence"}).find("rdb_last_bgsave_status:err") != std::string::npos;
  }));
  fails(failing.url(), 69, "disk");
}

TEST_F(redis_errors_test, a_replica) {
  const redis_server primary;
  cli({"REPLICAOF", "127.0.0.1", std::to_string(primary.port())});
  ASSERT_TRUE(eventually([&] {
    return cli({"INFO", "replication"}).find("master_link_status:up") != std::string::npos;
  }));
  fails(store_, 78, "replica");
}

TEST_F(redis_errors_test, a_replica_without_its_primary) {
  cli({"CONFIG", "SET", "replica-serve-stale-data", "no"});
  cli({"REPLICAOF", "127.0.0.1", std::to_string(free_port())});
  fails(store_, 69, "replica");
}

TEST_F(redis_errors_test, a_server_that_does_not_answer) {
  server().signal(SIGSTOP);
  fails(store_, 69, store_);
  server().signal(SIGCONT);
  EXPECT_TRUE(eventually([&] { return is_free("k"); }));
}

}  // namespace
}  // namespace holdfast::testing
