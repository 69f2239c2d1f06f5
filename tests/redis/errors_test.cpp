#include "store/redis/errors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "redis/fixture.hpp"

namespace holdfast::redis::test {

namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

status refused(const std::string& url, duration timeout = patience) {
  const auto got = ask(*connect(url, timeout), {"PING"}, timeout);
  EXPECT_NE(got.is, answer::outcome::replied);
  return got.why;
}

std::string with_user(std::string url, const std::string& who) { return url.insert(url.find("//") + 2, who + "@"); }

/// Listens on a port, and answers whoever connects with `text`; then closes, or stays silent.
class impostor {
 public:
  explicit impostor(std::string text, bool stays = false) : text_{std::move(text)}, stays_{stays} {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    EXPECT_EQ(::bind(fd_, reinterpret_cast<const sockaddr*>(&at), size), 0);
    EXPECT_EQ(::listen(fd_, 8), 0);
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&at), &size);
    url = "redis://127.0.0.1:" + std::to_string(ntohs(at.sin_port));
    thread_ = std::jthread{[this] { serve(); }};
  }
  ~impostor() { ::shutdown(fd_, SHUT_RDWR); }

  std::string url;

 private:
  void serve() {
    std::vector<int> open;
    for (int client = 0; (client = ::accept(fd_, nullptr, nullptr)) >= 0;) {
      char bytes[4096];
      static_cast<void>(::recv(client, bytes, sizeof bytes, 0));
      static_cast<void>(::send(client, text_.data(), text_.size(), MSG_NOSIGNAL));
      if (stays_)
        open.push_back(client);
      else
        ::close(client);
    }
    for (const int each : open) ::close(each);
    ::close(fd_);
  }
  const std::string text_;
  const bool stays_;
  int fd_ = -1;
  std::jthread thread_;
};

TEST(redis_errors, nobody_listens) {
  const auto why = refused("redis://127.0.0.1:" + std::to_string(testing::free_port()));
  EXPECT_EQ(why, errc::unavailable);
  EXPECT_THAT(why.message(), HasSubstr("nobody listens there"));
  const auto socket = refused("unix:///no/such.sock");
  EXPECT_EQ(socket, errc::unavailable);
  EXPECT_THAT(socket.message(), HasSubstr("no such socket"));
  const auto host = refused("redis://no-such-host.invalid");
  EXPECT_EQ(host, errc::unavailable);
  EXPECT_THAT(host.message(), HasSubstr("can't be found"));
}

TEST(redis_errors, credentials) {
  testing::redis_server server{{.words = {"--requirepass", "right"}}};
  const auto none = refused(server.url());
  EXPECT_EQ(none, errc::not_authorised);
  EXPECT_THAT(none.message(), HasSubstr("wants a password"));
  const auto wrong = refused(with_user(server.url(), ":wrong-one"));
  EXPECT_EQ(wrong, errc::not_authorised);
  EXPECT_THAT(wrong.message(), HasSubstr("refuses the user name or the password"));
  EXPECT_THAT(wrong.message(), Not(HasSubstr("wrong-one")));
  EXPECT_EQ(ask(*connect(with_user(server.url(), ":right")), {"PING"}).what.text, "PONG");
  EXPECT_EQ(ask(*connect(with_user(server.url(), "default:right")), {"PING"}).what.text, "PONG");
  testing::redis_server open;
  const auto needless = refused(with_user(open.url(), ":pw"));
  EXPECT_EQ(needless, errc::not_authorised);
}

TEST(redis_errors, a_server_that_does_not_know_auth_does_not_make_us_show_the_password) {
  testing::redis_server server{{.words = {"--rename-command", "AUTH", ""}}};
  for (const auto* who : {"me:hush-99", ":hush-99"}) {
    const auto why = refused(with_user(server.url(), who));
    EXPECT_EQ(why, errc::misconfigured);
    EXPECT_THAT(why.message(), HasSubstr("unknown command"));
    EXPECT_THAT(why.message(), Not(HasSubstr("hush-99")));
  }
}

TEST(redis_errors, rights) {
  testing::redis_server server;
  server.cli({"ACL", "SETUSER", "me", "on", ">pw", "+get", "+client|setname", "~a*"});
  const auto with = connect(with_user(server.url(), "me:pw"));
  EXPECT_EQ(ask(*with, {"GET", "a"}).what.is, reply::kind::nil);
  for (const auto* key : {"b", "c"}) {
    const auto got = ask(*with, {"GET", key});
    EXPECT_EQ(got.why, errc::not_authorised);
  }
  const auto got = ask(*with, {"SET", "a", "1"});
  EXPECT_EQ(got.why, errc::not_authorised);
  EXPECT_THAT(got.why.message(), HasSubstr("'set'"));
}

TEST(redis_errors, states_of_the_server) {
  testing::redis_server server;
  const auto with = connect(server.url());
  server.cli({"LPUSH", "list", "x"});
  EXPECT_EQ(ask(*with, {"GET", "list"}).why, errc::wrong_kind);
  server.cli({"CONFIG", "SET", "maxmemory", "1"});
  EXPECT_EQ(ask(*with, {"SET", "k", "v"}).why, errc::unavailable);
  const auto oom = call(*with, {"s", "return redis.call('SET', 'k', 'v')", std::string_view{"0"}}, {}, {});
  EXPECT_EQ(oom.why, errc::unavailable) << oom.why.message();
  EXPECT_THAT(oom.why.message(), HasSubstr("out of memory"));
  server.cli({"CONFIG", "SET", "maxmemory", "0"});
  server.cli({"REPLICAOF", "127.0.0.1", "1"});
  const auto replica = ask(*with, {"SET", "k", "v"});
  EXPECT_EQ(replica.why, errc::misconfigured);
  EXPECT_THAT(replica.why.message(), HasSubstr("read-only replica"));
}

TEST(redis_errors, too_many_clients) {
  testing::redis_server server;
  server.cli({"CONFIG", "SET", "maxclients", "1"});
  const auto first = connect(server.url());
  ASSERT_EQ(ask(*first, {"PING"}).is, answer::outcome::replied);
  const auto why = refused(server.url());
  EXPECT_EQ(why, errc::unavailable);
  EXPECT_THAT(why.message(), HasSubstr("maxclients"));
}

TEST(redis_errors, a_database_that_is_not_there) {
  testing::redis_server server;
  const auto why = refused(server.url() + "/999");
  EXPECT_EQ(why, errc::misconfigured);
  EXPECT_THAT(why.message(), HasSubstr("no database of that number"));
}

TEST(redis_errors, servers_that_are_not_redis) {
  const struct {
    const char* text;
    const char* told;
  } cases[] = {{"HTTP/1.1 400 Bad Request\r\n\r\n", "web server"},
               {"SSH-2.0-OpenSSH_9.2\r\n", "not a Redis server"},
               {"\x15\x03\x01\x00\x02\x02\x46", "rediss://"},
               {"", "without an answer"}};
  for (const auto& each : cases) {
    const impostor it{each.text};
    EXPECT_THAT(refused(it.url).message(), HasSubstr(each.told));
  }
  const impostor silent{"", true};
  const auto before = boot_clock::now();
  const auto why = refused(silent.url, 300ms);
  EXPECT_EQ(why, errc::unavailable);
  EXPECT_THAT(why.message(), HasSubstr("did not answer in time"));
  EXPECT_LT(boot_clock::now() - before, 20s);
}

TEST(redis_errors, replies_are_explained) {
  const struct {
    const char* text;
    errc means;
    const char* told;
  } cases[] = {
      {"LOADING Redis is loading the dataset in memory", errc::unavailable, "still loading"},
      {"BUSY Redis is busy running a script.", errc::unavailable, "busy"},
      {"MISCONF Redis is configured to save RDB snapshots", errc::unavailable, "disk"},
      {"MASTERDOWN Link with MASTER is down", errc::unavailable, "replica"},
      {"MOVED 3999 127.0.0.1:6381", errc::misconfigured, "Cluster"},
      {"CLUSTERDOWN The cluster is down", errc::misconfigured, "Cluster"},
      {"NOREPLICAS Not enough good replicas to write.", errc::unavailable, "replicas"},
      {"ERR unknown command 'EVALSHA'", errc::misconfigured, "6.2"},
      {"ERR Error running script (call to f_ab): @user_script:1: @user_script: 1: -OOM command not allowed when used",
       errc::unavailable, "out of memory"},
      {"ERR The user executing the script can't run this command or subcommand script: ab", errc::not_authorised,
       "right"},
      {"ERR something else", errc::internal, "something else"},
      {"DENIED Redis is running in protected mode", errc::not_authorised, "protected mode"},
  };
  for (const auto& each : cases) {
    const auto why = explain_reply(each.text, "redis://h");
    EXPECT_EQ(why, each.means) << each.text;
    EXPECT_THAT(why.message(), HasSubstr(each.told));
    EXPECT_THAT(why.message(), HasSubstr("redis://h: "));
  }
}

}  // namespace

}  // namespace holdfast::redis::test
