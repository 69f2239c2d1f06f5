#include <sys/time.h>

#include <csignal>
#include <thread>

#include "advisory_fixture.hpp"
#include "holdfast/client.hpp"
#include "holdfast/mutex.hpp"

/// One row, session or server that is stuck, and what that must not cost others.
namespace holdfast::postgres::test {
namespace {

class stuck_test : public advisory_test {
 protected:
  /// The backend that has the advisory lock on `name`.
  [[nodiscard]] pid_t holder_of(const std::string& name) const {
    return std::stoi(
        query("SELECT l.pid FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE locktype = 'advisory'"
              " AND granted AND a.query LIKE '%name=" +
              name + " %' LIMIT 1"));
  }
  static bool held_for(const mutex& lock, duration span) {
    for (const auto until = boot_clock::now() + span; boot_clock::now() < until;) {
      if (!lock.lease().held()) return false;
      std::this_thread::sleep_for(20ms);
    }
    return true;
  }
};

TEST_F(stuck_test, a_locked_row_costs_no_other_lease_its_renewals) {
  client one{url()};
  mutex stuck{one, "stuck", {.ttl = 15s}};
  mutex sound{one, "sound", {.ttl = 2s}};
  stuck.lock();
  sound.lock();
  session third{server(), database_};
  third.run("BEGIN; SELECT 1 FROM holdfast WHERE name = 'stuck' FOR UPDATE");
  EXPECT_TRUE(held_for(sound, 8s));  // The renewal of the other comes after 5 s.
  third.run("COMMIT");
}

TEST_F(stuck_test, a_stopped_session_costs_no_other_lease_its_renewals) {
  client one{locks_url()};
  mutex stuck{one, "stuck", {.ttl = 9s}};
  mutex sound{one, "sound", {.ttl = 2s}};
  stuck.lock();
  sound.lock();
  const auto backend = holder_of("stuck");
  ::kill(backend, SIGSTOP);
  EXPECT_TRUE(held_for(sound, 6s));
  ::kill(backend, SIGCONT);
}

TEST_F(stuck_test, a_stopped_session_does_not_delay_the_unlock_of_another_lock) {
  client one{locks_url()};
  mutex stuck{one, "stuck", {.ttl = 9s}};
  mutex sound{one, "sound", {.ttl = 9s}};
  stuck.lock();
  sound.lock();
  const auto backend = holder_of("stuck");
  ::kill(backend, SIGSTOP);
  std::this_thread::sleep_for(3200ms);  // Both are being renewed.
  const auto began = boot_clock::now();
  EXPECT_TRUE(sound.release().ok());
  EXPECT_LT(boot_clock::now() - began, 1s);
  ::kill(backend, SIGCONT);
}

TEST_F(stuck_test, a_token_is_no_older_than_promised_however_long_it_had_to_wait) {
  const auto store = open(url("pool=1"));
  for (const char* name : {"stuck", "r"}) {
    const auto what = ask(name);
    ASSERT_EQ(store->release(lease(what, grant(*store, what)), soon()).is, released::released);
  }
  session third{server(), database_};
  third.run("BEGIN; SELECT 1 FROM holdfast WHERE name = 'stuck' FOR UPDATE");
  std::thread has_the_connection{[&] { attempt(*store, "stuck"); }};
  EXPECT_TRUE(await_blocked(1));
  std::thread waits_for_it{[&] { grant(*store, ask("r")); }};
  std::this_thread::sleep_for(1s);
  third.run("COMMIT");
  waits_for_it.join();
  has_the_connection.join();
  EXPECT_LT(std::stoll(query("SELECT renewed - token FROM holdfast WHERE name = 'r'")), 150'000);
}

TEST_F(stuck_test, signals_do_not_keep_a_verb_beyond_its_deadline) {
  const auto store = open(url());
  for (int i = 0; i < 3; ++i) {  // By then its statements are prepared.
    const auto what = ask("r");
    ASSERT_EQ(store->release(lease(what, grant(*store, what)), soon()).is, released::released);
  }
  const pid_t backend = std::stoi(
      query("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND"
            " application_name = 'holdfast' LIMIT 1"));
  struct sigaction with {};
  with.sa_handler = [](int) {};
  with.sa_flags = SA_RESTART;
  ::sigaction(SIGALRM, &with, nullptr);
  ::kill(backend, SIGSTOP);
  std::atomic<bool> over{false};
  const auto target = ::pthread_self();
  std::thread alarms{[&] {
    for (const auto until = boot_clock::now() + 10s; !over && boot_clock::now() < until;) {
      ::pthread_kill(target, SIGALRM);
      std::this_thread::sleep_for(50ms);
    }
  }};
  const auto began = boot_clock::now();
  const auto answer = store->acquire(ask("r"), false, began + 1s);
  const auto took = boot_clock::now() - began;
  over = true;
  alarms.join();
  ::kill(backend, SIGCONT);
  EXPECT_EQ(answer.is, outcome::failed);
  EXPECT_LT(took, 5s);
}

}  // namespace
}  // namespace holdfast::postgres::test
