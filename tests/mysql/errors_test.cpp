// What users are told: the cause, the URL without its password, and what to do.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "fixture.hpp"

namespace holdfast::mysql::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class mysql_errors : public mysql_test {
 protected:
  /// The URL of this test's database, for `user:password` at another place.
  [[nodiscard]] std::string url_as(const std::string& who) const {
    return "mysql://" + who + "@127.0.0.1:" + std::to_string(server_.port()) + "/" + database_;
  }
  static status pinged(const std::string& url) { return open(url)->ping(soon()); }
  static void expect(const status& why, errc code, const std::string& text) {
    EXPECT_EQ(why, code) << why.message();
    EXPECT_THAT(why.message(), AllOf(HasSubstr(text), HasSubstr("mysql://"), Not(HasSubstr("s3cret"))));
  }
};

TEST_F(mysql_errors, a_wrong_password) {
  expect(pinged(url_as("hf:nonsense")), errc::not_authorised, "refused the user or the password");
}

TEST_F(mysql_errors, an_unknown_database) {
  const auto url = "mysql://hf:s3cret@127.0.0.1:" + std::to_string(server_.port()) + "/hf_not_there";
  expect(pinged(url), errc::misconfigured, "no such database");
}

TEST_F(mysql_errors, an_unknown_database_of_the_tables) {
  expect(pinged(url_ + "?table=hf_not_there.locks"), errc::misconfigured, "no such database");
}

TEST_F(mysql_errors, a_table_or_view_of_another_program) {
  server_.admin("CREATE TABLE orders (id INT); CREATE VIEW report AS SELECT 1 AS id", database_);
  for (const auto* const name : {"orders", "report"}) {
    const auto answer = open(url_ + "?table=" + name)->acquire(ask_for("r"), true, soon());
    expect(answer.why, errc::misconfigured, "not those that this version of holdfast makes");
  }
}

TEST_F(mysql_errors, a_database_that_is_somebody_elses) {
  const auto url = "mysql://hf:s3cret@127.0.0.1:" + std::to_string(server_.port()) + "/mysql";
  expect(pinged(url), errc::not_authorised, "may not use this database");
}

TEST_F(mysql_errors, nobody_listens) {
  const auto url = "mysql://hf:s3cret@127.0.0.1:" + std::to_string(holdfast::testing::free_port()) + "/x";
  expect(pinged(url), errc::unavailable, "can't be reached");
}

TEST_F(mysql_errors, no_right_to_make_the_tables) {
  server_.admin("CREATE USER 'reader" + database_ + "'@'%' IDENTIFIED BY 's3cret'; GRANT SELECT ON " + database_ +
                ".* TO 'reader" + database_ + "'@'%'");
  expect(pinged(url_as("reader" + database_ + ":s3cret")), errc::not_authorised, "CREATE ROUTINE");
}

TEST_F(mysql_errors, no_right_to_write) {
  ASSERT_TRUE(pinged(url_).ok());
  server_.admin("CREATE USER 'reader" + database_ + "'@'%' IDENTIFIED BY 's3cret'; GRANT SELECT, EXECUTE ON " +
                database_ + ".* TO 'reader" + database_ + "'@'%'");
  expect(pinged(url_as("reader" + database_ + ":s3cret")), errc::not_authorised, "UPDATE");
}

TEST_F(mysql_errors, rights_to_write_and_execute_are_enough_once_the_tables_are_there) {
  ASSERT_TRUE(pinged(url_).ok());
  const std::string user = "writer" + database_;
  server_.admin("CREATE USER '" + user +
                "'@'%' IDENTIFIED BY 's3cret'; GRANT SELECT, INSERT, UPDATE, DELETE, EXECUTE ON " + database_ +
                ".* TO '" + user + "'@'%'");
  const auto store = open(url_as(user + ":s3cret"));
  const auto how = store->ping(soon());
  EXPECT_TRUE(how.ok()) << how.message();
  const auto what = ask_for("r");
  const auto token = grant(*store, what);
  queue(*store, ask_for("r"));
  EXPECT_EQ(release(*store, what, token), release_outcome::released);
}

TEST_F(mysql_errors, a_server_that_refuses_writes) {
  const auto store = open(url_);
  ASSERT_TRUE(store->ping(soon()).ok());
  server_.admin("SET GLOBAL read_only = 1");
  const auto pinged_so = store->ping(soon());
  const auto answer = store->acquire(ask_for("r"), true, soon());
  server_.admin("SET GLOBAL read_only = 0");
  expect(pinged_so, errc::unavailable, "replica");
  EXPECT_EQ(answer.is, outcome::failed);
  EXPECT_FALSE(answer.unknown);
  expect(answer.why, errc::unavailable, "replica");
  grant(*store, ask_for("r"));  // And goes on once it takes them again.
}

TEST_F(mysql_errors, too_many_connections) {
  const std::string user = "few" + database_;
  server_.admin("CREATE USER '" + user + "'@'%' IDENTIFIED BY 's3cret' WITH MAX_USER_CONNECTIONS 1; GRANT ALL ON " +
                database_ + ".* TO '" + user + "'@'%'");
  const auto one = open(url_as(user + ":s3cret"));
  ASSERT_TRUE(one->ping(soon()).ok());
  expect(pinged(url_as(user + ":s3cret") + "?pool=2"), errc::unavailable, "too many connections");
}

TEST_F(mysql_errors, too_many_statements) {
  const std::string user = "slow" + database_;
  server_.admin("CREATE USER '" + user + "'@'%' IDENTIFIED BY 's3cret' WITH MAX_QUERIES_PER_HOUR 3; GRANT ALL ON " +
                database_ + ".* TO '" + user + "'@'%'");
  expect(pinged(url_as(user + ":s3cret")), errc::unavailable, "max_queries_per_hour");
}

TEST_F(mysql_errors, a_password_that_ran_out) {
  const std::string user = "late" + database_;
  server_.admin("CREATE USER '" + user + "'@'%' IDENTIFIED BY 's3cret' PASSWORD EXPIRE; GRANT ALL ON " + database_ +
                ".* TO '" + user + "'@'%'");
  expect(pinged(url_as(user + ":s3cret")), errc::not_authorised, "password");
}

/// Answers whoever connects with the same line.
class impostor {
 public:
  explicit impostor(std::string line) : line_{std::move(line)} {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(listener_, 8), 0);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread{[this] {
      while (true) {
        const int client = ::accept(listener_, nullptr, nullptr);
        if (client < 0) return;
        clients_.push_back(client);
        if (!line_.empty()) static_cast<void>(::send(client, line_.data(), line_.size(), MSG_NOSIGNAL));
      }
    }};
  }
  ~impostor() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
    for (const int each : clients_) ::close(each);
  }
  [[nodiscard]] std::string url() const { return "mysql://hf:s3cret@127.0.0.1:" + std::to_string(port_) + "/x"; }

 private:
  const std::string line_;
  int listener_ = -1;
  int port_ = 0;
  std::vector<int> clients_;
  std::thread thread_;
};

TEST_F(mysql_errors, what_answers_is_no_mysql_server) {
  const impostor other{"220 mail.example.org ESMTP\r\n"};
  const auto why = open(other.url())->ping(soon(5s));
  EXPECT_TRUE(why == errc::misconfigured || why == errc::unavailable) << why.message();
  EXPECT_THAT(why.message(), Not(HasSubstr("s3cret")));
}

TEST_F(mysql_errors, what_answers_says_nothing) {
  const impostor silent{""};
  const auto store = open(silent.url());
  const auto began = boot_clock::now();
  expect(store->ping(soon(700ms)), errc::unavailable, "did not accept a connection in time");
  EXPECT_LT(boot_clock::now() - began, 10s);
}

TEST_F(mysql_errors, tls_where_the_server_has_none) { expect(pinged(url_ + "?verify=no"), errc::misconfigured, "TLS"); }

TEST_F(mysql_errors, malformed_urls) {
  for (const std::string url :
       {"mysql://hf:s3cret@127.0.0.1", "mysql://hf:s3cret@127.0.0.1/", "mysql://hf:s3cret@127.0.0.1/x?table=a-b",
        "mysql://hf:s3cret@127.0.0.1/x?pool=0", "mysql://hf:s3cret@127.0.0.1/x?pool=many",
        "mysql://hf:s3cret@127.0.0.1/x?verify=perhaps", "mysql://hf:s3cret@127.0.0.1/x?cert=a",
        "mysql://hf:s3cret@127.0.0.1/x?nonsense=1"}) {
    try {
      open(url);
      ADD_FAILURE() << url << " was taken";
    } catch (const error& why) {
      EXPECT_EQ(why.code(), make_error_code(errc::invalid_argument)) << url;
      EXPECT_THAT(why.what(), AllOf(HasSubstr("malformed store URL"), Not(HasSubstr("s3cret"))));
    }
  }
}

TEST_F(mysql_errors, the_socket_of_this_machine) {
  for (const auto* const host : {"localhost", ""}) {
    const auto store = open(std::string{"mysql://hf:s3cret@"} + host + "/" + database_ + "?socket=" + server_.socket());
    const auto how = store->ping(soon());
    EXPECT_TRUE(how.ok()) << how.message();
  }
}

}  // namespace
}  // namespace holdfast::mysql::test
