#include "store/redis/listener.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <optional>

#include "redis/fixture.hpp"

namespace holdfast::redis::test {

namespace {

using namespace std::chrono_literals;

/// Counts what a listener tells.
struct ear {
  std::mutex mutex;
  std::vector<std::string> messages;
  std::atomic<int> missed{0};

  listener::callbacks callbacks() {
    return {.message =
                [this](std::string_view text) {
                  const std::lock_guard lock{mutex};
                  messages.emplace_back(text);
                },
            .missed = [this] { ++missed; }};
  }
  std::vector<std::string> heard() {
    const std::lock_guard lock{mutex};
    return messages;
  }
};

std::unique_ptr<listener> listen(const std::string& url, ear& to, listener::options how = {}) {
  if (how.connect_timeout == duration::zero()) how.connect_timeout = patience;
  auto where = settings::of(core::url::parse(url));
  auto with = where.tls ? std::make_shared<const tls_context>(where) : nullptr;
  return std::make_unique<listener>(std::move(where), std::move(with), "turns", how, to.callbacks());
}

TEST(redis_listener, hears_its_channel) {
  testing::redis_server server;
  ear to;
  const auto it = listen(server.url(), to);
  ASSERT_TRUE(it->ready(boot_clock::now() + patience).ok());
  EXPECT_TRUE(testing::eventually([&] { return to.missed == 1; }));
  EXPECT_EQ(server.cli({"PUBLISH", "turns", "one"}), "1");
  EXPECT_EQ(server.cli({"PUBLISH", "other", "none"}), "0");
  EXPECT_EQ(server.cli({"PUBLISH", "turns", "two"}), "1");
  EXPECT_TRUE(testing::eventually([&] { return to.heard().size() == 2; }));
  EXPECT_THAT(to.heard(), ::testing::ElementsAre("one", "two"));
}

TEST(redis_listener, subscribes_again_after_a_cut_and_says_so) {
  testing::redis_server server;
  ear to;
  const auto it = listen(server.url(), to);
  ASSERT_TRUE(it->ready(boot_clock::now() + patience).ok());
  ASSERT_TRUE(testing::eventually([&] { return to.missed == 1; }));
  server.cli({"CLIENT", "KILL", "TYPE", "pubsub"});
  EXPECT_TRUE(testing::eventually([&] { return to.missed == 2; }));
  server.kill();
  server.start();
  EXPECT_TRUE(testing::eventually([&] { return to.missed == 3; }));
  EXPECT_TRUE(it->ready(boot_clock::now() + patience).ok());
  EXPECT_EQ(server.cli({"PUBLISH", "turns", "one"}), "1");
  EXPECT_TRUE(testing::eventually([&] { return to.heard().size() == 1; }));
}

TEST(redis_listener, notices_a_dead_peer) {
  testing::redis_server server;
  ear to;
  const auto it = listen(server.url(), to, {.ping_every = 100ms});
  ASSERT_TRUE(it->ready(boot_clock::now() + patience).ok());
  // Answers to pings keep it.
  EXPECT_TRUE(testing::eventually([&] {
    return server.cli({"INFO", "commandstats"}).find("cmdstat_ping:calls=3") != std::string::npos;
  }));
  EXPECT_EQ(to.missed, 1);
  server.signal(SIGSTOP);
  EXPECT_TRUE(testing::eventually([&] { return !it->ready(boot_clock::now()).ok(); }));
  server.signal(SIGCONT);
  EXPECT_TRUE(testing::eventually([&] { return to.missed >= 2; }));
}

TEST(redis_listener, says_why_it_is_not_ready) {
  testing::redis_server server;
  server.cli({"ACL", "SETUSER", "deaf", "on", ">pw", "+@all", "~*", "resetchannels"});
  ear to;
  auto url = server.url();
  url.insert(url.find("127"), "deaf:pw@");
  const auto it = listen(url, to);
  const auto why = it->ready(boot_clock::now() + patience);
  EXPECT_EQ(why, errc::not_authorised);
  EXPECT_THAT(why.message(), ::testing::HasSubstr("NOPERM"));
  server.cli({"ACL", "SETUSER", "deaf", "allchannels"});
  EXPECT_TRUE(testing::eventually([&] { return it->ready(boot_clock::now() + patience).ok(); }));
  server.kill();
  EXPECT_TRUE(testing::eventually([&] { return !it->ready(boot_clock::now() + 100ms).ok(); }));
}

TEST(redis_listener, goes_quickly_and_from_within_its_own_callback) {
  testing::redis_server server;
  {
    ear to;
    const auto it = listen(server.url(), to);
    ASSERT_TRUE(it->ready(boot_clock::now() + patience).ok());
    const auto before = boot_clock::now();
    server.signal(SIGSTOP);
    listener* const gone = it.get();
    static_cast<void>(gone);
    EXPECT_LT(boot_clock::now() - before, 5s);
  }
  server.signal(SIGCONT);
  std::optional<listener> self;
  std::atomic<bool> ended{false};
  std::atomic<bool> made{false};
  auto where = settings::of(core::url::parse(server.url()));
  self.emplace(std::move(where), nullptr, "turns", listener::options{.connect_timeout = patience},
               listener::callbacks{.message = [](std::string_view) {},
                                   .missed =
                                       [&] {
                                         while (!made) std::this_thread::yield();
                                         self.reset();
                                         ended = true;
                                       }});
  const auto ignored = self->ready(boot_clock::now() + patience);
  static_cast<void>(ignored);
  made = true;
  EXPECT_TRUE(testing::eventually([&] { return ended.load(); }));
}

}  // namespace

}  // namespace holdfast::redis::test
