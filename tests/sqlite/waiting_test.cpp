#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include <atomic>
#include <cstdio>
#include <fstream>
#include <thread>

#include "fixture.hpp"
#include "store/sqlite/turnstile.hpp"
#include "store/sqlite/wake_file.hpp"

/// Wake-ups across processes, waiters that die, and many at once.
namespace holdfast::sqlite::test {
namespace {

class sqlite_waiting : public with_store {
 protected:
  ~sqlite_waiting() override {
    for (const auto child : children_) end(child);
  }
  /// A process that queues for `name`, says so by a file, and then does nothing more.
  pid_t queue_elsewhere(const std::string& name, int count = 1) {
    const auto ready = where / ("ready" + std::to_string(children_.size()));
    const pid_t child = ::fork();
    if (child == 0) {
      const auto store = open(path);
      for (int i = 0; i < count; ++i) {
        if (store->acquire(ask_for(name), true, soon()).is != outcome::queued) ::_exit(1);
      }
      std::ofstream{ready} << "x";
      while (true) ::pause();
    }
    children_.push_back(child);
    EXPECT_TRUE(eventually([&] { return std::filesystem::exists(ready); }));
    return child;
  }
  void end(pid_t child) {
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    std::erase(children_, child);
  }
  std::vector<pid_t> children_;
};

TEST_F(sqlite_waiting, a_release_in_another_process_wakes_at_once) {
  // The child holds, and lets go when told; forked before this process has threads.
  const auto holds = where / "holds";
  const auto go = where / "go";
  const pid_t child = ::fork();
  if (child == 0) {
    const auto store = open(path);
    const auto mine = ask_for("a");
    const auto token = store->acquire(mine, true, soon()).token;
    std::ofstream{holds} << "x";
    while (!std::filesystem::exists(go)) ::usleep(1000);
    ::_exit(store->release(lease_of(mine, token), soon()).is == core::release_answer::outcome::released ? 0 : 1);
  }
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(holds); }));
  hints heard;
  const auto store = open(path);
  store->on_turn(heard.callback());
  const auto mine = ask_for("a");
  ASSERT_EQ(store->acquire(mine, true, soon()).is, outcome::queued);
  EXPECT_EQ(heard.count(), 0u);
  std::ofstream{go} << "x";
  EXPECT_TRUE(heard.wait_for(mine.owner));
  EXPECT_EQ(store->claim(mine, soon()).is, outcome::granted);
  int how = 0;
  ::waitpid(child, &how, 0);
  EXPECT_EQ(how, 0);
}

TEST_F(sqlite_waiting, tells_one_waiter_and_not_the_others) {
  hints first_heard;
  hints second_heard;
  const auto holder = open(path);
  const auto first = open(path);
  const auto second = open(path);
  first->on_turn(first_heard.callback());
  second->on_turn(second_heard.callback());
  const auto a = ask_for("a");
  const auto b = ask_for("a");
  const auto c = ask_for("a");
  const auto other = ask_for("other");
  const auto token = holder->acquire(a, true, soon()).token;
  holder->acquire(ask_for("other"), true, soon());
  first->acquire(b, true, soon());
  first->acquire(other, true, soon());
  second->acquire(c, true, soon());
  holder->release(lease_of(a, token), soon());
  ASSERT_TRUE(first_heard.wait_for(b.owner));
  EXPECT_EQ(first_heard.count(), 1u);
  EXPECT_EQ(second_heard.count(), 0u);
}

TEST_F(sqlite_waiting, dead_waiters_cost_nothing) {
  const auto store = open(path);
  const auto a = ask_for("a");
  const auto token = store->acquire(a, true, soon()).token;
  const auto child = queue_elsewhere("a", 100);
  const auto b = ask_for("a");
  EXPECT_EQ(store->acquire(b, true, soon()).position, 100u);
  resource_view view;
  ASSERT_TRUE(store->inspect("a", view, soon()).ok());
  EXPECT_TRUE(view.waiters.at(0).alive);
  end(child);
  ASSERT_TRUE(store->inspect("a", view, soon()).ok());
  EXPECT_FALSE(view.waiters.at(0).alive);
  EXPECT_TRUE(view.waiters.at(100).alive);
  store->release(lease_of(a, token), soon());
  EXPECT_EQ(store->claim(b, soon()).is, outcome::granted);
  ASSERT_TRUE(store->inspect("a", view, soon()).ok());
  EXPECT_TRUE(view.waiters.empty());
}

TEST_F(sqlite_waiting, a_queue_of_dead_waiters_is_no_queue) {
  const auto store = open(path);
  const auto a = ask_for("a");
  const auto token = store->acquire(a, true, soon()).token;
  end(queue_elsewhere("a", 3));
  store->release(lease_of(a, token), soon());
  EXPECT_EQ(store->acquire(ask_for("a"), false, soon()).is, outcome::granted);
}

TEST_F(sqlite_waiting, a_stopped_waiter_costs_one_window) {
  const auto store = open(path);
  const auto a = ask_for("a");
  const auto token = store->acquire(a, true, soon()).token;
  const auto child = queue_elsewhere("a");
  ::kill(child, SIGSTOP);
  const auto b = ask_for("a");
  store->acquire(b, true, soon());
  store->release(lease_of(a, token), soon());
  const auto start = boot_clock::now();
  EXPECT_EQ(store->claim(b, soon()).is, outcome::queued);
  EXPECT_TRUE(eventually([&] { return store->claim(b, soon()).is == outcome::granted; }));
  EXPECT_GE(boot_clock::now() - start, store->traits().claim_window - 100ms);
}

TEST_F(sqlite_waiting, many_stopped_waiters_cost_two_windows_in_all) {
  const auto store = open(path);
  const auto a = ask_for("a");
  const auto token = store->acquire(a, true, soon()).token;
  const auto child = queue_elsewhere("a", 100);
  ::kill(child, SIGSTOP);
  const auto b = ask_for("a");
  store->acquire(b, true, soon());
  store->release(lease_of(a, token), soon());
  const auto start = boot_clock::now();
  const std::array waiters{core::waiter_ref{"a", b.owner}};
  std::array verdicts{core::wait_verdict::unknown};
  const auto is_turn = [&] {
    return store->heartbeat(waiters, verdicts, soon()).ok() && verdicts[0] == core::wait_verdict::your_turn;
  };
  EXPECT_TRUE(eventually(is_turn));
  EXPECT_LT(boot_clock::now() - start, 3 * store->traits().claim_window);
  EXPECT_EQ(store->claim(b, soon()).is, outcome::granted);
}

TEST_F(sqlite_waiting, a_dead_holders_lease_ends_with_its_ttl) {
  const auto holds = where / "holds";
  const pid_t child = ::fork();
  if (child == 0) {
    const auto store = open(path);
    store->acquire(ask_for("a", 1s), true, soon());
    std::ofstream{holds} << "x";
    while (true) ::pause();
  }
  children_.push_back(child);
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(holds); }));
  end(child);
  const auto store = open(path);
  const auto b = ask_for("a");
  auto answer = store->acquire(b, true, soon());
  for (int looks = 0; answer.is == outcome::queued && looks < 5; ++looks) {
    std::this_thread::sleep_for(answer.look_again);
    answer = store->claim(b, soon());
  }
  EXPECT_EQ(answer.is, outcome::granted);
}

TEST_F(sqlite_waiting, a_damaged_wake_file_loses_no_lock) {
  hints heard;
  const auto store = open(path);
  store->on_turn(heard.callback());
  const auto file = path + "-holdfast";
  const std::vector<std::function<void()>> damages{
      [&] {
        std::ofstream{file, std::ios::binary | std::ios::trunc} << std::string(10000, '\xa5');
      },
      [&] { std::filesystem::resize_file(file, 0); },
      [&] { std::filesystem::resize_file(file, 1); },
      [&] { std::filesystem::remove(file); },
      [&] {
        std::filesystem::remove(file);
        std::filesystem::create_directory(file);
      },
      [&] {
        std::filesystem::remove(file);
        ASSERT_EQ(::mkfifo(file.c_str(), 0600), 0);
      },
  };
  for (const auto& damage : damages) {
    auto holder = ask_for("a");
    const auto other = open(path);
    auto token = other->acquire(holder, true, soon()).token;
    const auto before = ask_for("a");
    ASSERT_EQ(store->acquire(before, true, soon()).is, outcome::queued);
    damage();
    EXPECT_EQ(other->acquire(ask_for("a"), false, soon()).is, outcome::busy);
    const std::array waiters{core::waiter_ref{"a", before.owner}};
    std::array verdicts{core::wait_verdict::unknown};
    ASSERT_TRUE(store->heartbeat(waiters, verdicts, soon()).ok());
    EXPECT_EQ(verdicts[0], core::wait_verdict::waiting);
    const auto after = ask_for("a");
    ASSERT_EQ(store->acquire(after, true, soon()).is, outcome::queued);
    EXPECT_EQ(other->release(lease_of(holder, token), soon()).is, core::release_answer::outcome::released);
    const auto first = store->claim(before, soon());
    ASSERT_EQ(first.is, outcome::granted);
    EXPECT_GT(first.token, token);
    store->release(lease_of(before, first.token), soon());
    const auto second = store->claim(after, soon());
    ASSERT_EQ(second.is, outcome::granted);
    store->release(lease_of(after, second.token), soon());
  }
}

TEST_F(sqlite_waiting, a_store_may_end_on_its_own_listener) {
  const auto holder = open(path);
  const auto a = ask_for("a");
  const auto token = holder->acquire(a, true, soon()).token;
  auto store = open(path);
  std::atomic<bool> ended{false};
  store->on_turn([&](const owner_id&) {
    store.reset();
    ended = true;
  });
  store->acquire(ask_for("a"), true, soon());
  holder->release(lease_of(a, token), soon());
  EXPECT_TRUE(eventually([&] { return ended.load(); }));
}

TEST_F(sqlite_waiting, a_store_ends_at_once_though_its_wake_file_was_replaced) {
  auto store = open(path);
  store->acquire(ask_for("a"), true, soon());
  ASSERT_EQ(store->acquire(ask_for("a"), true, soon()).is, outcome::queued);
  std::filesystem::remove(path + "-holdfast");
  open(path)->acquire(ask_for("a"), true, soon());
  const auto start = boot_clock::now();
  store.reset();
  EXPECT_LT(boot_clock::now() - start, 4s);
}

TEST_F(sqlite_waiting, threads_and_stores_exclude_each_other) {
  constexpr int stores = 2;
  constexpr int threads = 4;
  constexpr int turns = 25;
  std::vector<std::unique_ptr<core::store>> all;
  for (int i = 0; i < stores; ++i) all.push_back(open(path));
  std::atomic<int> inside{0};
  std::uint64_t last = 0;
  int count = 0;  // unguarded but by the lock
  {
    std::vector<std::jthread> running;
    for (int i = 0; i < stores * threads; ++i) {
      running.emplace_back([&, i] {
        auto& store = *all[static_cast<std::size_t>(i % stores)];
        for (int turn = 0; turn < turns; ++turn) {
          const auto mine = ask_for("a");
          auto answer = store.acquire(mine, true, soon());
          const auto by = soon();
          while (answer.is == outcome::queued && boot_clock::now() < by) {
            std::this_thread::sleep_for(100us);
            answer = store.claim(mine, soon());
          }
          ASSERT_EQ(answer.is, outcome::granted) << answer.why.message();
          EXPECT_EQ(inside.fetch_add(1), 0);
          EXPECT_GT(answer.token, last);
          last = answer.token;
          ++count;
          inside.fetch_sub(1);
          EXPECT_EQ(store.release(lease_of(mine, answer.token), soon()).is, core::release_answer::outcome::released);
        }
      });
    }
  }
  EXPECT_EQ(count, stores * threads * turns);
}

TEST_F(sqlite_waiting, processes_exclude_each_other) {
  constexpr int processes = 6;
  constexpr int turns = 50;
  const auto counter = where / "counter";
  std::ofstream{counter} << 0;
  std::vector<pid_t> running;
  for (int i = 0; i < processes; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      ::alarm(120);  // A child that hangs is a failure, not a hang of the test.
      hints heard;
      const auto store = open(path);
      store->on_turn(heard.callback());
      for (int turn = 0; turn < turns; ++turn) {
        const auto mine = ask_for("a");
        auto answer = store->acquire(mine, true, soon());
        while (answer.is == outcome::queued) {
          heard.wait_for(mine.owner, answer.look_again);
          answer = store->claim(mine, soon());
        }
        if (answer.is != outcome::granted) {
          std::fprintf(stderr, "turn %d: %d %s\n", turn, static_cast<int>(answer.is), answer.why.message().c_str());
          ::_exit(2);
        }
        int value = 0;
        std::ifstream{counter} >> value;
        std::ofstream{counter} << value + 1;
        if (store->release(lease_of(mine, answer.token), soon()).is != core::release_answer::outcome::released)
          ::_exit(3);
      }
      ::_exit(0);
    }
    running.push_back(child);
  }
  for (const auto child : running) {
    int how = 0;
    ::waitpid(child, &how, 0);
    EXPECT_EQ(how, 0);
  }
  int value = 0;
  std::ifstream{counter} >> value;
  EXPECT_EQ(value, processes * turns);
}

TEST_F(sqlite_waiting, an_unusable_wake_file_is_told_once) {
  std::filesystem::create_directory(path + "-holdfast");
  std::atomic<int> told{0};
  const auto store = open_store(path, "sqlite:" + path, [&](const status& why) {
    EXPECT_NE(why.message().find(path), std::string::npos);
    ++told;
  });
  const auto a = ask_for("a");
  const auto b = ask_for("a");
  const auto token = store->acquire(a, true, soon()).token;
  EXPECT_EQ(store->acquire(b, true, soon()).is, outcome::queued);
  EXPECT_EQ(store->claim(b, soon()).is, outcome::queued);
  EXPECT_EQ(told, 1);
  store->release(lease_of(a, token), soon());
  EXPECT_EQ(store->claim(b, soon()).is, outcome::granted);
}

TEST(sqlite_wake_file, tells_the_living_from_the_dead) {
  const folder where;
  wake_file here{where / "x"};
  std::int64_t address = 0;
  {
    wake_file there{where / "x"};
    address = there.address();
    EXPECT_NE(address, 0);
    EXPECT_EQ(there.address(), address);
    EXPECT_TRUE(here.alive(address));
    EXPECT_TRUE(there.alive(address));
  }
  EXPECT_FALSE(here.alive(address));
  EXPECT_TRUE(here.alive(0)) << "unknown";
}

TEST(sqlite_wake_file, wakes_no_sleeper_in_vain_and_misses_none) {
  const folder where;
  wake_file here{where / "x"};
  wake_file there{where / "x"};
  const auto address = there.address();
  for (int i = 0; i < 50; ++i) {
    const auto word = there.word();
    std::atomic<bool> woken{false};
    std::jthread sleeper{[&] {
      while (there.word() == word) there.sleep(word, 30s);
      woken = true;
    }};
    here.wake(address);
    EXPECT_TRUE(eventually([&] { return woken.load(); }));
  }
}

TEST(sqlite_turnstile, lets_one_at_a_time_in_until_the_deadline) {
  turnstile gate;
  ASSERT_TRUE(gate.enter(soon()));
  std::jthread late{[&] { EXPECT_FALSE(gate.enter(boot_clock::now() + 20ms)); }};
  late.join();
  gate.leave();
  int inside = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 500; ++k) {
        ASSERT_TRUE(gate.enter(soon()));
        EXPECT_EQ(++inside, 1);
        --inside;
        gate.leave();
      }
    });
  }
}

}  // namespace
}  // namespace holdfast::sqlite::test
