// What very many leases and waiters cost the server.
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "etcd/fixture.hpp"

namespace holdfast::testing {
namespace {

class cost_test : public etcd_test {};

TEST_F(cost_test, held_locks_share_their_renewals) {
  client one{server().url()};
  std::vector<held_lock> held;
  for (int i = 0; i < 1000; ++i) held.push_back(one.acquire("many/" + std::to_string(i), {.ttl = 3s}));
  std::this_thread::sleep_for(1500ms);  // Every lease has met the others' rhythm.
  const auto before = server().requests(0);
  std::this_thread::sleep_for(3s);  // Three renewals.
  const auto spent = server().requests(0) - before;
  for (const auto& each : held) ASSERT_TRUE(each.lease().held());
  EXPECT_GT(spent, 0);
  EXPECT_LE(spent, 40);
}

/// What etcd has ever known under the name is gone through by whoever takes it.
TEST_F(cost_test, turn_after_turn_leaves_no_new_names_behind) {
  const auto with = bare();
  const auto began = with->commit({}, soon()).from.at;
  client one{server().url()};
  client two{server().url()};
  std::vector<std::thread> threads;
  for (client* each : {&one, &one, &two})
    threads.emplace_back([each] {
      mutex mine{*each, "k"};
      for (int i = 0; i < 30; ++i) {
        mine.lock();
        mine.unlock();
      }
    });
  for (auto& each : threads) each.join();
  const auto now = with->commit({}, soon()).from.at;
  std::set<std::string> names;
  for (auto at = began + 1; at <= now; ++at) {
    etcd::transaction what;
    what.then.emplace_back(etcd::read{.key = "k/", .end = "k0", .keys_only = true, .at = at});
    const auto seen = with->commit(what, soon());
    for (const auto& each : seen.results.at(0).entries) names.insert(each.key);
  }
  EXPECT_GE(names.size(), 2U);
  EXPECT_LE(names.size(), 6U);
}

TEST_F(cost_test, listings_read_each_value_once_however_many_pages_there_are) {
  constexpr int count = 2000;
  const auto with = bare();
  const auto lease = with->grant(120, soon()).lease;
  for (int i = 0; i < count; i += 100) {
    etcd::transaction put;
    for (int j = i; j < i + 100; ++j)
      put.then.emplace_back(etcd::put{.key = etcd::key_of("n" + std::to_string(j), lease),
                                      .value = etcd::text_of({.owner = {7, 7}, .claimed = true, .since_us = 1}),
                                      .lease = lease});
    with->commit(put, soon());
  }
  client one{server().url()};
  const auto before = server().requests(0);
  std::size_t found = 0;
  std::string cursor;
  do {
    resource_page page;
    const auto how = one.list("", cursor, page);
    ASSERT_TRUE(how.ok()) << how.message();
    found += page.resources.size();
    cursor = page.next;
  } while (!cursor.empty());
  EXPECT_EQ(found, count);
  EXPECT_LE(server().requests(0) - before, 150);  // 63 batches of values, and each page goes through the keys.
}

TEST_F(cost_test, five_thousand_waiters_are_shown) {
  constexpr int count = 5000;
  const auto with = bare();
  const auto lease = with->grant(60, soon()).lease;
  for (int i = 0; i < count; i += 100) {
    etcd::transaction put;
    for (int j = i; j < i + 100; ++j)
      put.then.emplace_back(
          etcd::put{.key = etcd::key_of("crowd", lease, core::owner_id{7, static_cast<std::uint64_t>(j + 1)}),
                    .value = etcd::text_of({.owner = {}, .claimed = j == 0, .since_us = 1, .party = "pid=1\n"}),
                    .lease = lease});
    with->commit(put, soon());
  }
  client one{server().url()};
  resource_view view;
  const auto how = one.inspect("crowd", view);
  ASSERT_TRUE(how.ok()) << how.message();
  EXPECT_EQ(view.holders.size(), 1U);
  EXPECT_EQ(view.waiters.size(), count - 1U);
  mutex late{one, "crowd"};
  EXPECT_FALSE(late.try_lock());
  EXPECT_EQ(late.acquire({.timeout = 500ms}), errc::timed_out);
  ASSERT_TRUE(one.inspect("crowd", view).ok());
  EXPECT_EQ(view.waiters.size(), count - 1U);
}

}  // namespace
}  // namespace holdfast::testing
