// Other clients of etcd's own recipe for locks, and holdfast, exclude each other on one name.
#include <csignal>
#include <mutex>
#include <thread>
#include <vector>

#include "etcd/fixture.hpp"
#include "support/etcd_recipe.hpp"

namespace holdfast::testing {
namespace {

class recipe_test : public etcd_test {
 protected:
  /// `etcdctl lock NAME`, which prints its key once it holds.
  process start_etcdctl_lock(const std::string& name) {
    return process{server().control_command({"lock", "--ttl", "5", name}), folder_.path()};
  }
  static bool await_holds(process& who) {
    return eventually([&] { return !who.out().empty() || !who.running(); }) && who.running();
  }
  temporary_folder folder_;
  client client_{server().url()};
};

TEST_F(recipe_test, etcdctl_lock_keeps_holdfast_out) {
  process other = start_etcdctl_lock("k");
  ASSERT_TRUE(await_holds(other)) << other.err();
  mutex mine{client_, "k"};
  EXPECT_FALSE(mine.try_lock());
  resource_view view;
  ASSERT_TRUE(client_.inspect("k", view).ok());
  ASSERT_EQ(view.holders.size(), 1U);
  EXPECT_TRUE(view.holders[0].claimed);
  EXPECT_GT(view.holders[0].token.value(), 0U);
  EXPECT_FALSE(view.holders[0].who.owner.empty());
  EXPECT_GT(view.holders[0].expires_in, 0s);

  std::atomic<bool> held{false};
  std::thread waits{[&] {
    mine.lock();
    held = true;
  }};
  ASSERT_TRUE(await_waiters(client_, "k", 1));
  EXPECT_FALSE(held);
  other.signal(SIGTERM);
  waits.join();
  EXPECT_TRUE(held);
  EXPECT_TRUE(mine.lease().held());
  mine.unlock();
}

TEST_F(recipe_test, holdfast_keeps_etcdctl_lock_out) {
  mutex mine{client_, "k"};
  mine.lock();
  process other = start_etcdctl_lock("k");
  ASSERT_TRUE(await_waiters(client_, "k", 1));
  EXPECT_EQ(other.out(), "");
  client second{server().url()};
  mutex behind{second, "k"};
  std::atomic<bool> held{false};
  std::thread waits{[&] {
    behind.lock();
    held = true;
  }};
  ASSERT_TRUE(await_waiters(client_, "k", 2));
  EXPECT_EQ(other.out(), "");
  mine.unlock();
  ASSERT_TRUE(await_holds(other)) << other.err();  // Who came first, whatever its kind.
  EXPECT_FALSE(held);
  other.signal(SIGTERM);
  waits.join();
  behind.unlock();
}

TEST_F(recipe_test, the_list_has_foreign_holders) {
  process other = start_etcdctl_lock("job/7");
  ASSERT_TRUE(await_holds(other)) << other.err();
  ASSERT_EQ(server().control({"put", "job/abc", "no lock"}).code, 0);
  resource_page page;
  ASSERT_TRUE(client_.list("job", "", page).ok());
  ASSERT_EQ(page.resources.size(), 1U);
  EXPECT_EQ(page.resources[0].name, "job/7");
}

TEST_F(recipe_test, clients_of_the_recipe_and_of_holdfast_count_together) {
  constexpr int threads = 3;
  constexpr int turns = 20;
  long count = 0;  // Plain on purpose: the lock alone protects it, like the next.
  std::uint64_t last_token = 0;
  std::atomic<int> inside{0};
  std::atomic<int> wrong{0};
  const auto turn = [&](std::uint64_t token) {
    if (inside.fetch_add(1) != 0) ++wrong;
    if (token <= last_token) ++wrong;
    last_token = token;
    ++count;
    inside.fetch_sub(1);
  };
  std::vector<std::thread> all;
  for (int i = 0; i < threads; ++i) {
    all.emplace_back([&] {
      const auto with = bare();
      recipe_client one{*with, "k"};
      for (int j = 0; j < turns; ++j) {
        one.lock();
        turn(static_cast<std::uint64_t>(one.token()));
        one.unlock();
      }
    });
    all.emplace_back([&] {
      client own{server().url()};
      mutex one{own, "k"};
      for (int j = 0; j < turns; ++j) {
        const std::lock_guard lock{one};
        turn(one.lease().token().value());
      }
    });
  }
  for (auto& each : all) each.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(count, 2 * threads * turns);
}

TEST_F(recipe_test, a_name_that_goes_on_from_another_does_not_disturb_it) {
  client second{server().url()};
  mutex inner{client_, "a/b"};
  inner.lock();
  mutex outer{second, "a"};
  EXPECT_TRUE(outer.try_lock());
  EXPECT_TRUE(inner.lease().held());
  mutex again{client_, "a"};
  EXPECT_FALSE(again.try_lock());
  std::thread waits{[&] { again.lock(); }};
  ASSERT_TRUE(await_waiters(second, "a", 1));
  outer.unlock();
  waits.join();
  EXPECT_TRUE(again.lease().held());
  EXPECT_TRUE(inner.lease().held());
}

}  // namespace
}  // namespace holdfast::testing
