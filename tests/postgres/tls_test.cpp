#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fixture.hpp"
#include "support/authority.hpp"

/// TLS that is asked for is had, or refused with what is wrong; by libpq's own parameters.
namespace holdfast::postgres::test {
namespace {

using holdfast::testing::authority;

class tls_test : public ::testing::Test {
 protected:
  /// A server with a certificate that takes no connection without TLS.
  std::unique_ptr<postgres_server> certified(const std::string& names) {
    ours_.certify("server", names);
    ::chmod(ours_.folder().c_str(), 0755);
    const auto key = ours_.file("server.key");
    const passwd* const server_user = ::getpwnam("postgres");
    if (::geteuid() == 0 && (server_user == nullptr || ::chown(key.c_str(), server_user->pw_uid, -1) != 0))
      throw std::runtime_error{"can't give the key to the user postgres"};
    ::chmod(key.c_str(), 0600);
    return std::make_unique<postgres_server>(postgres_server::options{
        .settings = {"ssl=on", "ssl_cert_file=" + ours_.file("server.pem"), "ssl_key_file=" + key},
        .environment = {},
        .data_folder = {}});
  }
  static void expect_refused(const std::string& url) {
    const auto answer = open(url)->acquire(ask("r"), true, soon());
    EXPECT_EQ(answer.is, outcome::failed);
    EXPECT_EQ(answer.why, errc::misconfigured) << answer.why.message();
    EXPECT_THAT(answer.why.message(), ::testing::HasSubstr("TLS"));
    EXPECT_THAT(answer.why.message(), ::testing::HasSubstr("127.0.0.1"));
  }
  const authority ours_{"ours"};
  const authority another_{"another"};
};

TEST_F(tls_test, a_server_that_the_authority_knows) {
  const auto server = certified("IP:127.0.0.1");
  for (const char* kind : {"", "&lock=session"}) {
    const auto url = server->url("postgres", "sslmode=verify-full&sslrootcert=" + ours_.file("ca.pem") + kind);
    const auto store = open(url);
    const auto what = ask("r");
    const auto token = grant(*store, what);
    EXPECT_EQ(server->query("SELECT count(*) > 0 AND bool_and(s.ssl) FROM pg_stat_ssl s JOIN pg_stat_activity a"
                            " USING (pid) WHERE a.backend_type = 'client backend' AND a.pid <> pg_backend_pid()"),
              "t");
    EXPECT_EQ(renew(*store, what), core::renew_verdict::renewed);
    EXPECT_EQ(store->release(lease(what, token), soon()).is, released::released);
  }
}

TEST_F(tls_test, what_the_authority_does_not_know_is_refused) {
  const auto server = certified("IP:127.0.0.1");
  expect_refused(server->url("postgres", "sslmode=verify-full&sslrootcert=" + another_.file("ca.pem")));
  expect_refused(server->url("postgres", "sslmode=verify-ca&sslrootcert=" + another_.file("ca.pem")));
}

TEST_F(tls_test, a_certificate_for_another_name) {
  const auto server = certified("DNS:db.example.org");
  expect_refused(server->url("postgres", "sslmode=verify-full&sslrootcert=" + ours_.file("ca.pem")));
  const auto store = open(server->url("postgres", "sslmode=verify-ca&sslrootcert=" + ours_.file("ca.pem")));
  EXPECT_NE(grant(*store, ask("r")), 0U);
}

TEST_F(tls_test, a_server_without_tls) {
  const postgres_server plain;
  expect_refused(plain.url("postgres", "sslmode=require"));
}

}  // namespace
}  // namespace holdfast::postgres::test
