// The one stream that a client's keep-alives go over, to a real server.
#include <dlfcn.h>

#include <cerrno>
#include <csignal>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "etcd/fixture.hpp"
#include "store/etcd/errors.hpp"

namespace {
std::atomic<bool> no_threads{false};
}  // namespace

/// In place of the library's own: for the program's threads, though not for gRPC's, the system has none left.
void std::thread::_M_start_thread(_State_ptr state, void (*depend)()) {
  if (no_threads) throw std::system_error{EAGAIN, std::generic_category()};
  static const auto usual = reinterpret_cast<void (*)(std::thread*, _State_ptr, void (*)())>(
      ::dlsym(RTLD_NEXT, "_ZNSt6thread15_M_start_threadESt10unique_ptrINS_6_StateESt14default_deleteIS1_EEPFvvE"));
  usual(this, std::move(state), depend);
}

namespace holdfast::testing {
namespace {

class keep_alive_streams : public etcd_test {
 protected:
  static long streams() { return server().keep_alive_streams(0); }
  static bool await_keep_alives(long more) {
    const auto before = server().keep_alives(0);
    return eventually([&] { return server().keep_alives(0) >= before + more; });
  }
};

TEST_F(keep_alive_streams, ten_thousand_locks_share_one_and_each_of_its_requests) {
  const auto before = streams();
  client one{server().url()};
  std::vector<held_lock> held;
  for (int i = 0; i < 10'000; ++i) held.push_back(one.acquire("many/" + std::to_string(i), {.ttl = 6s}));
  const auto asked = server().messages(0);
  const auto renewed = server().keep_alives(0);
  ASSERT_TRUE(await_keep_alives(3));
  EXPECT_LE(server().messages(0) - asked, 10 * (server().keep_alives(0) - renewed));
  for (const auto& each : held) ASSERT_TRUE(each.lease().held());
  EXPECT_EQ(streams() - before, 1);
}

TEST_F(keep_alive_streams, all_ttls_share_one_through_many_renewals) {
  const auto before = streams();
  client one{server().url()};
  mutex first{one, "first", {.ttl = 1s}};
  mutex second{one, "second", {.ttl = 2s}};
  mutex manual{one, "manual", {.ttl = 20s, .renew = false}};
  for (mutex* each : {&first, &second, &manual}) each->lock();
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(manual.refresh(20s).ok());
    ASSERT_TRUE(await_keep_alives(5));
  }
  for (mutex* each : {&first, &second, &manual}) {
    EXPECT_TRUE(each->lease().held());
    each->unlock();
  }
  EXPECT_EQ(streams() - before, 1);
}

/// Each refresh that is sent again may be one more stream; none of them may be the answer to another.
TEST_F(keep_alive_streams, threads_that_refresh_share_one) {
  const auto before = streams();
  client one{server().url()};
  std::vector<std::thread> threads;
  std::atomic<int> failed{0};
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&, i] {
      mutex mine{one, "mine/" + std::to_string(i), {.ttl = 20s, .renew = false}};
      mine.lock();
      for (int j = 0; j < 50; ++j)
        if (!mine.refresh(20s).ok()) ++failed;
      mine.unlock();
    });
  for (auto& each : threads) each.join();
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(streams() - before, 1);
}

TEST_F(keep_alive_streams, a_lease_that_is_gone_is_told_and_the_stream_goes_on) {
  const auto before = streams();
  const auto with = bare();
  const auto gone = with->grant(20, soon()).lease;
  const auto stays = with->grant(20, soon()).lease;
  EXPECT_EQ(with->keep_alive(gone, soon()).seconds, 20);
  with->revoke(gone, soon());
  EXPECT_LE(with->keep_alive(gone, soon()).seconds, 0);
  EXPECT_EQ(with->keep_alive(stays, soon()).seconds, 20);
  EXPECT_EQ(streams() - before, 1);
}

/// etcd deletes so many of the leases that have run out at once, and answers for one of them when it is deleted.
TEST_F(keep_alive_streams, one_that_has_run_out_holds_up_no_other) {
  const auto with = bare();
  const auto stays = with->grant(20, soon()).lease;
  with->keep_alive(stays, soon());
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int j = 0; j < 750; ++j) with->grant(1, soon());
    });
  for (auto& each : threads) each.join();
  const auto last = with->grant(1, soon()).lease;
  std::this_thread::sleep_for(1s);  // By now it has run out.
  std::atomic<bool> answered{false};
  std::thread asks{[&] {
    EXPECT_LE(with->keep_alive_apart(last, soon()).seconds, 0);
    answered = true;
  }};
  int beside = 0;
  while (!answered && with->keep_alive(stays, soon()).seconds > 0) ++beside;
  asks.join();
  EXPECT_GT(beside, 10);
}

TEST_F(keep_alive_streams, without_a_thread_for_it_renewals_go_on) {
  const auto heard = std::make_shared<recorder>();
  client one{server().url(), {.observer = heard}};
  mutex mine{one, "k", {.ttl = 9s}};
  mine.lock();
  no_threads = true;
  EXPECT_THROW(std::thread{[] {}}, std::system_error);
  const auto before = streams();
  const bool renewed = await_keep_alives(2);
  no_threads = false;
  EXPECT_TRUE(renewed);
  EXPECT_TRUE(mine.lease().held());
  EXPECT_GE(streams() - before, 2);  // A call of its own for each.
  EXPECT_EQ(heard->count(event_kind::jeopardy), 0);
  mine.unlock();
}

TEST(stopped_server, holds_up_neither_renewals_nor_the_end_of_the_client) {
  etcd_cluster server;
  etcd::cluster where;
  where.endpoints = {server.endpoint(0)};
  where.shown = server.url();
  where.connect_timeout = 5s;
  auto with = etcd::connect(where);
  const auto later = [](duration span) { return boot_clock::now() + span; };
  const auto lease = with->grant(60, later(20s)).lease;
  EXPECT_EQ(with->keep_alive(lease, later(20s)).seconds, 60);
  server.signal(0, SIGSTOP);
  EXPECT_TRUE(eventually([&] {  // Until it has stopped it may answer still.
    const auto asked = boot_clock::now();
    bool failed = false;
    try {
      with->keep_alive(lease, later(200ms));
    } catch (const etcd::failure&) {
      failed = true;
    }
    EXPECT_LT(boot_clock::now() - asked, 5s);
    return failed;
  }));
  server.signal(0, SIGCONT);
  EXPECT_EQ(with->keep_alive(lease, later(20s)).seconds, 60);
  server.signal(0, SIGSTOP);
  const auto ended = boot_clock::now();
  with.reset();
  EXPECT_LT(boot_clock::now() - ended, 5s);
  server.signal(0, SIGCONT);
}

}  // namespace
}  // namespace holdfast::testing
