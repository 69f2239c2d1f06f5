#include "support/redis_server.hpp"

#include <gtest/gtest.h>

namespace holdfast::testing {

namespace {

TEST(redis_server, starts_stops_and_keeps_its_port) {
  redis_server server;
  EXPECT_EQ(server.cli({"SET", "k", "v"}), "OK");
  EXPECT_EQ(server.cli({"SAVE"}), "OK");
  EXPECT_GT(server.info("connected_clients"), 0);
  const int port = server.port();
  server.kill();
  server.start();
  EXPECT_EQ(server.port(), port);
  EXPECT_EQ(server.cli({"GET", "k"}), "v");
  server.kill();
  server.start(true);
  EXPECT_EQ(server.cli({"GET", "k"}), "");
}

TEST(redis_server, serves_tls) {
  redis_server server{{.words = {}, .tls = true}};
  EXPECT_TRUE(file_exists(server.file("expired.pem")));
  EXPECT_EQ(server.cli({"-h", "localhost", "-p", std::to_string(server.tls_port()), "--tls", "--cacert",
                        server.file("ca.pem"), "PING"}),
            "PONG");
}

}  // namespace

}  // namespace holdfast::testing
