// What very many leases and waiters cost the server.
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

TEST_F(cost_test, five_thousand_waiters_are_shown) {
  constexpr int count = 5000;
  const auto with = bare();
  const auto lease = with->grant(60, soon()).lease;
  for (int i = 0; i < count; i += 100) {
    etcd::transaction put;
    for (int j = i; j < i + 100; ++j)
      put.then.emplace_back(
          etcd::put{.key = etcd::key_of("crowd", lease, core::owner_id{7, static_cast<std::uint64_t>(j + 1)}),
                    .value = etcd::text_of({.claimed = j == 0, .since_us = 1, .party = "pid=1\n"}),
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
