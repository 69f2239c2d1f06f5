// What people get wrong, and what machines do: each has an error of its own, within the timeout.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "etcd/fixture.hpp"

namespace holdfast::testing {
namespace {

/// A port of loopback that takes connections, and then says `text` or nothing.
class listening_port {
 public:
  explicit listening_port(std::string text) : socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(socket_, reinterpret_cast<sockaddr*>(&address), size);
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
    ::listen(socket_, 8);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread{[this, text] {
      std::vector<int> open;
      for (int one = 0; (one = ::accept(socket_, nullptr, nullptr)) >= 0;) {
        if (text.empty()) {
          open.push_back(one);
        } else {
          static_cast<void>(!::write(one, text.data(), text.size()));
          ::close(one);
        }
      }
      for (const int each : open) ::close(each);
    }};
  }
  ~listening_port() {
    ::shutdown(socket_, SHUT_RDWR);
    thread_.join();
    ::close(socket_);
  }
  listening_port(const listening_port&) = delete;
  listening_port& operator=(const listening_port&) = delete;
  [[nodiscard]] std::string url(const std::string& scheme = "etcd") const {
    return scheme + "://127.0.0.1:" + std::to_string(port_);
  }

 private:
  int socket_;
  int port_ = 0;
  std::thread thread_;
};

class errors_test : public ::testing::Test {
 protected:
  /// Fails so, and says so, in little more than the timeout.
  static void fails(const std::string& url, errc code, const std::string& named) {
    client one{url, {.command_timeout = 2s, .connect_timeout = 2s}};
    mutex lock{one, "k"};
    const auto began = boot_clock::now();
    const auto how = lock.acquire({.timeout = 0s});
    EXPECT_LT(boot_clock::now() - began, 10s);
    EXPECT_EQ(how, code) << how.message();
    EXPECT_NE(how.message().find(named), std::string::npos) << how.message() << " does not say " << named;
    EXPECT_EQ(how.message().find("s3cret"), std::string::npos) << how.message();
    EXPECT_NE(how.message().find("127.0.0.1"), std::string::npos) << how.message();
  }
  /// The server refuses the client's certificate. Its word of that can be lost with the connection that it resets, and
  /// then the message says what may be the matter.
  static void expect_refused(const std::string& url) {
    status how;
    EXPECT_TRUE(eventually([&] {
      client one{url, {.command_timeout = 2s, .connect_timeout = 2s}};
      how = one.ping();
      EXPECT_FALSE(how.ok());
      EXPECT_NE(how.message().find("certificate"), std::string::npos) << how.message();
      return how == errc::misconfigured;
    })) << how.message();
  }
  static std::string nobody() { return "127.0.0.1:" + std::to_string(free_port()); }
};

TEST_F(errors_test, nobody_there) {
  fails("etcd://" + nobody(), errc::unavailable, "can't be reached");
  fails("etcd://" + nobody() + "," + nobody() + "," + nobody(), errc::unavailable, "can't be reached");
  fails("etcds://" + nobody(), errc::unavailable, "can't be reached");
}

TEST_F(errors_test, something_else_there) {
  const listening_port http{"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"};
  fails(http.url(), errc::misconfigured, "not etcd");
  const listening_port redis{"-ERR unknown command\r\n"};
  fails(redis.url(), errc::misconfigured, "not etcd");
  fails(redis.url("etcds"), errc::misconfigured, "TLS");
}

TEST_F(errors_test, somebody_who_says_nothing) {
  const listening_port mute{""};
  fails(mute.url(), errc::unavailable, "in time");
  fails(mute.url("etcds"), errc::unavailable, "in time");  // So does a member that is stopped.
}

TEST_F(errors_test, urls) {
  for (const char* url : {"etcd:", "etcd://", "etcd://h/db", "etcd://h?x=1", "etcd://h?ca=f",
                          "etcds://h?cert=/dev/null", "etcd://:p@h", "etcds://h?frob=1"})
    EXPECT_THROW(client{url}, error) << url;
  try {
    client{"etcds://127.0.0.1?ca=/no/such/file"};
    FAIL();
  } catch (const error& why) {
    EXPECT_EQ(why.code(), errc::misconfigured);
    EXPECT_NE(std::string{why.what()}.find("/no/such/file"), std::string::npos) << why.what();
  }
}

TEST_F(errors_test, users_and_rights) {
  etcd_cluster server;
  const auto ok = [&](const std::vector<std::string>& words) {
    const auto how = server.control(words);
    ASSERT_EQ(how.code, 0) << how.err;
  };
  ok({"user", "add", "root:r00t"});
  ok({"user", "grant-role", "root", "root"});
  ok({"role", "add", "locks"});
  ok({"role", "grant-permission", "locks", "readwrite", "--prefix=true", "mine/"});
  ok({"user", "add", "me:s3cret"});
  ok({"user", "grant-role", "me", "locks"});
  // A login that nobody asked for does no harm.
  {
    client early{"etcd://me:s3cret@" + server.endpoint(0)};
    mutex lock{early, "mine/k"};
    EXPECT_TRUE(lock.try_lock());
    lock.unlock();
  }
  ok({"auth", "enable"});
  fails("etcd://me:wrong@" + server.endpoint(0), errc::not_authorised, "password");
  fails("etcd://nobody:s3cret@" + server.endpoint(0), errc::not_authorised, "password");
  fails(server.url(), errc::not_authorised, "USER:PASSWORD");
  fails("etcd://me:s3cret@" + server.endpoint(0), errc::not_authorised, "readwrite");
  client mine{"etcd://me:s3cret@" + server.endpoint(0)};
  mutex lock{mine, "mine/k", {.ttl = 20s}};
  lock.lock();
  client other{"etcd://me:s3cret@" + server.endpoint(0)};
  mutex behind{other, "mine/k", {.ttl = 20s}};
  std::thread waits{[&] {
    status acquired;
    EXPECT_TRUE(eventually([&] { return (acquired = behind.acquire()).ok(); })) << acquired.message();
  }};
  EXPECT_TRUE(eventually([&] {
    resource_view view;
    return mine.inspect("mine/k", view).ok() && view.waiters.size() == 1;
  }));
  // A server that starts anew has forgotten who logged in.
  server.kill(0);
  server.start(0);
  status refreshed;
  EXPECT_TRUE(eventually([&] { return (refreshed = lock.refresh(20s)).ok(); })) << refreshed.message();
  EXPECT_TRUE(lock.release().ok());
  waits.join();
  behind.unlock();
}

TEST_F(errors_test, certificates) {
  temporary_folder folder;
  const auto shell = [&](const std::string& script) {
    process one{launch{.words = {"sh", "-c", "cd " + folder.path() + " && " + script}}, folder.path()};
    ASSERT_EQ(one.wait(), 0) << one.err();
  };
  const std::string authority =
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj ";
  shell(authority + "/CN=ours -keyout ca.key -out ca.pem && " + authority +
        "/CN=theirs -keyout other.key -out other.pem");
  for (const std::string name : {"server", "client"})
    shell("openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=" + name + " -keyout " + name +
          ".key -out " + name +
          ".csr && printf 'subjectAltName=IP:127.0.0.1,DNS:locks.example\\n"
          "extendedKeyUsage=serverAuth,clientAuth\\n' > ext && openssl x509 -req -days 2 -in " +
          name + ".csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile ext -out " + name + ".pem");
  etcd_cluster server{{.members = 1,
                       .certificate = folder.file("server.pem"),
                       .key = folder.file("server.key"),
                       .client_authority = folder.file("ca.pem")}};
  const auto own = "&cert=" + folder.file("client.pem") + "&key=" + folder.file("client.key");
  const auto ca = "?ca=" + folder.file("ca.pem");
  client good{server.url() + ca + own};
  EXPECT_TRUE(eventually([&] { return good.ping().ok(); }));
  mutex lock{good, "k"};
  lock.lock();
  lock.unlock();
  client named{server.url() + ca + own + "&server_name=locks.example"};
  EXPECT_TRUE(named.ping().ok()) << named.ping().message();
  fails(server.url() + "?ca=" + folder.file("other.pem") + own, errc::misconfigured, "TLS");
  fails(server.url() + own.substr(0).replace(0, 1, "?"), errc::misconfigured, "TLS");
  fails(server.url() + ca + own + "&server_name=else.example", errc::misconfigured, "TLS");
  fails("etcd://" + server.endpoint(0), errc::unavailable, "etcds:");
  expect_refused(server.url() + ca);
  shell(
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=client "
      "-keyout stranger.key -out stranger.pem");
  expect_refused(server.url() + ca + "&cert=" + folder.file("stranger.pem") + "&key=" + folder.file("stranger.key"));
}

/// Told at once, and not by a request that fails after its whole time.
TEST_F(errors_test, files_that_are_no_certificates) {
  temporary_folder folder;
  process making{
      launch{.words = {"sh", "-c",
                       "cd " + folder.path() +
                           " && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "
                           "-days 2 -subj /CN=a -keyout a.key -out a.pem && openssl genpkey -algorithm ed25519 "
                           "-out b.key && openssl pkey -in a.key -aes256 -passout pass:x -out locked.key && "
                           "echo text > text"}},
      folder.path()};
  ASSERT_EQ(making.wait(), 0) << making.err();
  const auto refuses = [&](const std::string& options, const std::string& named) {
    try {
      client{"etcds://127.0.0.1?" + options};
      ADD_FAILURE() << options;
    } catch (const error& why) {
      EXPECT_EQ(why.code(), errc::misconfigured) << why.what();
      EXPECT_NE(std::string{why.what()}.find(named), std::string::npos) << why.what();
    }
  };
  const auto file = [&](const std::string& name) { return folder.file(name); };
  refuses("ca=" + folder.path(), folder.path());
  refuses("ca=" + file("text"), "option ca");
  refuses("cert=" + file("text") + "&key=" + file("a.key"), "option cert");
  refuses("cert=" + file("a.pem") + "&key=" + file("text"), "option key");
  refuses("cert=" + file("a.pem") + "&key=" + file("locked.key"), "password");
  refuses("cert=" + file("a.pem") + "&key=" + file("b.key"), "another key");
  EXPECT_NO_THROW(client{"etcds://127.0.0.1?ca=" + file("a.pem") + "&cert=" + file("a.pem") + "&key=" + file("a.key")});
}

}  // namespace
}  // namespace holdfast::testing
