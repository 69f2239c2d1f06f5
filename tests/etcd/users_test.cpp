// Users that are switched on, and logins that run out, under clients at work.
#include <algorithm>
#include <thread>
#include <vector>

#include "core/system_clock.hpp"
#include "etcd/fixture.hpp"
#include "store/etcd/store.hpp"

namespace holdfast::testing {
namespace {

using outcome = core::turn_answer::outcome;

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
  std::unique_ptr<core::store> open_store() const {
    core::store_options options;
    options.command_timeout = options.connect_timeout = 20s;
    options.time = core::system_clock();
    options.warn = [](const status&) {};
    std::unique_ptr<core::store> made;
    const auto how = holdfast_store_etcd()->open(core::url::parse(url()), options, made);
    EXPECT_TRUE(how.ok()) << how.message();
    return made;
  }
  static time_point soon() { return boot_clock::now() + 20s; }
  static core::request ask(const std::string& name) {
    core::request made;
    made.resource = name;
    made.owner = core::owner_id::random();
    made.ttl = 60s;
    return made;
  }
  /// Waiters show that they are alive, as a client's do.
  static void pass_time_as(const std::vector<core::request>& waiters, core::store& at, duration span) {
    const auto end = boot_clock::now() + span;
    std::vector<core::waiter_ref> alive;
    for (const auto& each : waiters) alive.push_back({each.resource, each.owner});
    std::vector<core::wait_verdict> verdicts(alive.size());
    while (boot_clock::now() < end) {
      EXPECT_TRUE(at.heartbeat(alive, verdicts, soon()).ok());
      std::this_thread::sleep_for(500ms);
    }
  }

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

/// Only watches tell here: nobody looks by himself.
TEST_F(short_logins, a_watch_goes_on_after_its_login_ran_out) {
  const auto holds = open_store();
  const auto waits = open_store();
  std::atomic<int> hints{0};
  const auto first = ask("first");
  const auto second = ask("second");
  ASSERT_EQ(holds->acquire(first, true, soon()).is, outcome::granted);
  const auto token = holds->acquire(second, true, soon()).token;
  const auto behind_first = ask("first");
  const auto behind_second = ask("second");
  ASSERT_EQ(waits->acquire(behind_first, true, soon()).is, outcome::queued);  // It opens the stream.
  pass_time_as({behind_first}, *waits, 4s);                                   // The stream's login runs out.
  ASSERT_EQ(waits->acquire(behind_second, true, soon()).is, outcome::queued);
  waits->on_turn([&](const core::owner_id& owner) { hints += owner == behind_second.owner ? 1 : 0; });
  // It is refused, found out, and followed on another stream: then there is no more to do.
  EXPECT_TRUE(eventually([&] {
    const auto before = server_.requests(0);
    pass_time_as({behind_first, behind_second}, *waits, 1s);
    return server_.requests(0) - before < 20;
  }));
  const int before = hints;
  ASSERT_EQ(holds->release({"second", second.owner, second.ttl, token}, soon()).is,
            core::release_answer::outcome::released);
  EXPECT_TRUE(eventually([&] { return hints > before; }));
  EXPECT_EQ(waits->claim(behind_second, soon()).is, outcome::granted);
}

TEST_F(short_logins, many_threads_share_one_login) {
  const auto streams = server_.keep_alive_streams(0);
  client one{url()};
  mutex held{one, "held", {.ttl = 5s}};
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
  EXPECT_TRUE(held.lease().held());  // Through two logins, and for longer than the ttl.
  over = true;
  for (auto& each : threads) each.join();
  EXPECT_EQ(failed, 0);
  EXPECT_GE(server_.keep_alive_streams(0) - streams, 2);  // Each login has one of its own.
}

}  // namespace
}  // namespace holdfast::testing
