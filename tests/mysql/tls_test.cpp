// TLS that is asked for is had, or refused with what is wrong.
#include "fixture.hpp"
#include "session.hpp"
#include "support/authority.hpp"

namespace holdfast::mysql::test {
namespace {

using holdfast::testing::authority;

class mysql_tls : public ::testing::Test {
 protected:
  static std::vector<std::string> certified(const authority& by, const std::string& names) {
    by.certify("server", names);
    return {"--ssl-ca=" + by.file("ca.pem"), "--ssl-cert=" + by.file("server.pem"),
            "--ssl-key=" + by.file("server.key")};
  }
  static void expect_refused(const std::string& url) {
    const auto why = open(url)->ping(soon());
    EXPECT_EQ(why, errc::misconfigured) << why.message();
    EXPECT_THAT(why.message(), ::testing::HasSubstr("TLS"));
    EXPECT_THAT(why.message(), ::testing::Not(::testing::HasSubstr("s3cret")));
  }

  const authority ours_{"ours"};
  const authority another_{"another"};
};

TEST_F(mysql_tls, a_server_that_the_authority_knows) {
  mariadb_server server{{.options = certified(ours_, "IP:127.0.0.1,DNS:localhost")}};
  server.admin("CREATE USER strict@'%' IDENTIFIED BY 's3cret' REQUIRE SSL; GRANT ALL ON `hf\\_%`.* TO strict@'%'");
  const auto url = server.url("hf_tls");
  const auto strict = "mysql://strict:s3cret@localhost:" + std::to_string(server.port()) + "/hf_tls";
  for (const auto& good : {url + "?ca=" + ours_.file("ca.pem"), url + "?verify=no",
                           strict + "?ca=" + ours_.file("ca.pem"), strict + "?verify=no"}) {
    const auto store = open(good);
    const auto how = store->ping(soon());
    EXPECT_TRUE(how.ok()) << good << ": " << how.message();
    const auto what = ask_for("r");
    EXPECT_EQ(release(*store, what, grant(*store, what)), release_outcome::released);
  }
  expect_refused(url + "?ca=" + another_.file("ca.pem"));
  expect_refused(url + "?verify=yes");  // The system's authorities do not know it.
  const auto without = open(strict)->ping(soon());
  EXPECT_FALSE(without.ok());
  EXPECT_THAT(without.message(), ::testing::Not(::testing::HasSubstr("s3cret")));
}

TEST_F(mysql_tls, a_certificate_for_another_name) {
  mariadb_server server{{.options = certified(ours_, "DNS:db.example.org")}};
  expect_refused(server.url("hf_tls") + "?ca=" + ours_.file("ca.pem"));
}

TEST_F(mysql_tls, a_client_with_a_certificate) {
  mariadb_server server{{.options = certified(ours_, "IP:127.0.0.1")}};
  ours_.certify("client", "DNS:client");
  server.url("hf_tls");
  server.admin("CREATE USER known@'%' REQUIRE X509; GRANT ALL ON `hf\\_%`.* TO known@'%'");
  const auto url = "mysql://known@127.0.0.1:" + std::to_string(server.port()) + "/hf_tls?ca=" + ours_.file("ca.pem");
  EXPECT_FALSE(open(url)->ping(soon()).ok());
  const auto how = open(url + "&cert=" + ours_.file("client.pem") + "&key=" + ours_.file("client.key"))->ping(soon());
  EXPECT_TRUE(how.ok()) << how.message();
}

}  // namespace
}  // namespace holdfast::mysql::test
