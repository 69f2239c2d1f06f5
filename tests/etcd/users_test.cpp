// Users that are switched on, and logins that run out, under clients at work.
#include <algorithm>
#include <thread>
#include <vector>

#include "etcd/fixture.hpp"

namespace holdfast::testing {
namespace {

void control(etcd_cluster& server, const std::vector<std::string>& words) {
  const auto how = server.control(words);
  ASSERT_EQ(how.code, 0) << how.err;
}

void make_users(etcd_cluster& server) {
  control(server, {"user", "add", "root:r00t"});
  control(server, {"user", "grant-role", "root", "root"});
  control(server, {"role", "add", "locks"});
  control(server, {"role", "grant-permission", "locks", "readwrite", "--prefix=true", ""});
  control(server, {"user", "add", "me:s3cret"});
  control(server, {"user", "grant-role", "me", "locks"});
}

/// Its logins last 3 s.
class short_logins : public ::testing::Test {
 protected:
  short_logins() {
    make_users(server_);
    control(server_, {"auth", "enable"});
  }
  std::string url() const { return "etcd://me:s3cret@" + server_.endpoint(0); }

 private:
  etcd_cluster::options how() {
    const auto where = folder_.path();
    process makes{launch{.words = {"sh", "-c",
                                   "cd '" + where +
                                       "' && openssl genrsa -out own 2048 && openssl rsa -in own -pubout "
                                       "-out public"}},
                  where};
    EXPECT_EQ(makes.wait(), 0) << makes.err();
    return {.more = {"--auth-token",
                     "jwt,pub-key=" + where + "/public,priv-key=" + where + "/own,sign-method=RS256,ttl=3s"}};
  }
  temporary_folder folder_;

 protected:
  etcd_cluster server_{how()};
};

TEST(users_test, users_are_switched_on) {
  etcd_cluster server;
  make_users(server);
  client one{"etcd://me:s3cret@" + server.endpoint(0)};
  mutex lock{one, "k", {.ttl = 4s}};
  lock.lock();
  control(server, {"auth", "enable"});
  std::this_thread::sleep_for(5s);  // Longer than the ttl.
  EXPECT_TRUE(lock.lease().held());
  EXPECT_TRUE(lock.release().ok());
  const auto again = lock.acquire({.timeout = 5s});
  EXPECT_TRUE(again.ok()) << again.message();
}

TEST(users_test, a_ping_needs_a_user_where_there_are_users) {
  etcd_cluster server;
  make_users(server);
  control(server, {"auth", "enable"});
  EXPECT_EQ(client{server.url()}.ping(), errc::not_authorised);
  EXPECT_TRUE(client{"etcd://me:s3cret@" + server.endpoint(0)}.ping().ok());
}

TEST_F(short_logins, a_hand_off_after_the_login_ran_out_is_as_quick_as_before) {
  client holds{url()};
  client waits{url()};
  mutex first{holds, "first", {.ttl = 60s}};
  mutex second{holds, "second", {.ttl = 60s}};
  first.lock();
  second.lock();
  const auto waiting = [&](const char* name) {
    return eventually([&] {
      resource_view view;
      return holds.inspect(name, view).ok() && view.waiters.size() == 1;
    });
  };
  mutex behind_first{waits, "first", {.ttl = 60s}};
  std::thread one{[&] { behind_first.lock(); }};  // It opens the stream.
  ASSERT_TRUE(waiting("first"));
  std::this_thread::sleep_for(4s);  // The stream's login runs out.
  mutex behind_second{waits, "second", {.ttl = 60s}};
  std::atomic<time_point> got{time_point::max()};
  std::thread two{[&] {
    behind_second.lock();
    got = boot_clock::now();
  }};
  ASSERT_TRUE(waiting("second"));
  std::this_thread::sleep_for(2s);  // It has found that out, and follows on another.
  const auto before = server_.requests(0);
  std::this_thread::sleep_for(2s);
  EXPECT_LT(server_.requests(0) - before, 40);
  const auto freed = boot_clock::now();
  second.unlock();
  two.join();
  EXPECT_LT(got.load() - freed, 900ms);  // Heartbeats would find it after a second.
  first.unlock();
  one.join();
  behind_first.unlock();
  behind_second.unlock();
}

TEST_F(short_logins, many_threads_share_one_login) {
  client one{url()};
  mutex held{one, "held", {.ttl = 2s}};
  held.lock();
  std::atomic<bool> over{false};
  std::atomic<int> failed{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; ++i)
    threads.emplace_back([&, i] {
      mutex mine{one, "thread/" + std::to_string(i)};
      while (!over) {
        if (mine.try_lock())
          mine.unlock();
        else
          ++failed;
        std::this_thread::sleep_for(20ms);
      }
    });
  std::this_thread::sleep_for(8s);
  EXPECT_TRUE(held.lease().held());  // Through two logins.
  over = true;
  for (auto& each : threads) each.join();
  EXPECT_EQ(failed, 0);
}

}  // namespace
}  // namespace holdfast::testing
