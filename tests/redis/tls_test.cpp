#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "redis/fixture.hpp"

namespace holdfast::redis::test {

namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

/// One server for all of these: making certificates takes its time.
testing::redis_server& server() {
  static testing::redis_server it{{.words = {}, .tls = true}};
  return it;
}

std::string at(const std::string& host, const std::string& options, int port = server().tls_port()) {
  return "rediss://" + host + ":" + std::to_string(port) + (options.empty() ? "" : "?" + options);
}
std::string ca() { return "ca=" + server().file("ca.pem"); }

status refused(const std::string& url, duration timeout = patience) {
  const auto got = ask(*connect(url, timeout), {"PING"}, timeout);
  EXPECT_EQ(got.is, answer::outcome::not_sent);
  return got.why;
}

TEST(redis_tls, by_name_and_by_address) {
  for (const auto* host : {"localhost", "127.0.0.1"}) {
    const auto with = connect(at(host, ca()));
    const auto got = ask(*with, {"PING"});
    EXPECT_EQ(got.what.text, "PONG") << got.why.message();
    // More than a record holds, both ways.
    const std::string big(100'000, 'x');
    EXPECT_EQ(ask(*with, {"SET", "big", big}).what.text, "OK");
    EXPECT_EQ(ask(*with, {"GET", "big"}).what.text, big);
  }
}

TEST(redis_tls, many_threads) {
  const auto with = connect(server().tls_url());
  std::atomic<int> wrong{0};
  std::vector<std::jthread> threads;
  for (int t = 0; t < 16; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 100; ++i) {
        const auto mine =
            std::to_string(t) + "/" + std::to_string(i) + std::string(static_cast<std::size_t>(i * 50), 'y');
        if (ask(*with, {"ECHO", mine}).what.text != mine) ++wrong;
      }
    });
  threads.clear();
  EXPECT_EQ(wrong, 0);
}

TEST(redis_tls, an_unknown_authority_is_refused) {
  for (const auto& options : {std::string{}, "ca=" + server().file("other-ca.pem")}) {
    const auto why = refused(at("localhost", options));
    EXPECT_EQ(why, errc::misconfigured);
    EXPECT_THAT(why.message(), HasSubstr("no authority that is trusted here"));
  }
}

TEST(redis_tls, a_wrong_name_is_refused) {
  const auto why = refused(at("localhost", ca() + "&server_name=redis.example"));
  EXPECT_EQ(why, errc::misconfigured);
  EXPECT_THAT(why.message(), HasSubstr("not for 'redis.example'"));
  EXPECT_EQ(ask(*connect(at("localhost", ca() + "&server_name=redis.example&verify=ca")), {"PING"}).what.text, "PONG");
  EXPECT_EQ(ask(*connect(at("127.0.0.1", ca() + "&server_name=localhost")), {"PING"}).what.text, "PONG");
}

TEST(redis_tls, unverified_when_asked_for) {
  EXPECT_EQ(ask(*connect(at("localhost", "verify=none")), {"PING"}).what.text, "PONG");
}

TEST(redis_tls, an_expired_certificate_is_refused) {
  testing::redis_server old{{.words = {"--tls-port", std::to_string(testing::free_port()), "--tls-cert-file",
                                       server().file("expired.pem"), "--tls-key-file", server().file("expired.key"),
                                       "--tls-ca-cert-file", server().file("ca.pem"), "--tls-auth-clients", "no"}}};
  const auto port = old.cli({"CONFIG", "GET", "tls-port"});
  const auto why = refused(at("localhost", ca(), std::stoi(port.substr(port.find('\n') + 1))));
  EXPECT_EQ(why, errc::misconfigured);
  EXPECT_THAT(why.message(), HasSubstr("has expired"));
}

TEST(redis_tls, client_certificates) {
  server().cli({"CONFIG", "SET", "tls-auth-clients", "yes"});
  const auto why = refused(at("localhost", ca()));
  const auto got = ask(
      *connect(at("localhost", ca() + "&cert=" + server().file("client.pem") + "&key=" + server().file("client.key"))),
      {"PING"});
  server().cli({"CONFIG", "SET", "tls-auth-clients", "optional"});
  EXPECT_EQ(why, errc::misconfigured);
  EXPECT_THAT(why.message(), HasSubstr("cert and key"));
  EXPECT_EQ(got.what.text, "PONG") << got.why.message();
}

TEST(redis_tls, files_that_are_no_use_are_named) {
  const auto context = [](const std::string& options) -> std::string {
    try {
      tls_context{settings::of(core::url::parse(at("localhost", options)))};
    } catch (const failure& why) {
      EXPECT_EQ(why.why, errc::misconfigured);
      return why.why.message();
    }
    return "taken";
  };
  EXPECT_THAT(context("ca=/no/such"), HasSubstr("authorities (option 'ca') in /no/such"));
  EXPECT_THAT(context("cert=/no/such"), HasSubstr("certificate (option 'cert') in /no/such"));
  EXPECT_THAT(context("cert=" + server().file("client.pem") + "&key=" + server().file("server.key")),
              HasSubstr("key (option 'key')"));
}

TEST(redis_tls, tls_to_a_plain_port_and_the_reverse) {
  const auto why = refused(at("localhost", ca(), server().port()), 2s);
  EXPECT_THAT(why.message(), HasSubstr("TLS on this port"));
  const auto reverse = refused("redis://localhost:" + std::to_string(server().tls_port()));
  EXPECT_THAT(reverse.message(), HasSubstr("rediss://"));
}

}  // namespace

}  // namespace holdfast::redis::test
