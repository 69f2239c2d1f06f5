#include <atomic>

#include "fixture.hpp"
#include "support/proxy.hpp"

namespace holdfast::postgres::test {
namespace {

class waiting_test : public postgres_test {};

TEST_F(waiting_test, a_thousand_waiters_hold_few_connections) {
  constexpr int clients = 8;
  constexpr int waiters_each = 125;
  std::vector<std::unique_ptr<core::store>> stores;
  std::vector<core::request> waiters;
  for (int i = 0; i < clients; ++i) stores.push_back(open(url("pool=2")));
  const auto holder = ask("r", 600s);
  grant(*stores[0], holder);
  for (int i = 0; i < clients * waiters_each; ++i) {
    waiters.push_back(ask("r"));
    ASSERT_EQ(stores[static_cast<std::size_t>(i % clients)]->acquire(waiters.back(), true, soon()).is, outcome::queued);
  }
  const auto connections = [&] {
    return std::stoi(server().query("SELECT count(*) FROM pg_stat_activity WHERE datname = '" + database_ + "'"));
  };
  EXPECT_TRUE(eventually([&] { return connections() >= clients * 2; }));  // One to ask, one to listen.
  EXPECT_LE(connections(), clients * 3);
  // One statement for a client's signs of life.
  std::vector<core::waiter_ref> refs;
  for (std::size_t i = 0; i < waiters.size(); i += clients) refs.push_back({waiters[i].resource, waiters[i].owner});
  std::vector<core::wait_verdict> verdicts(refs.size());
  ASSERT_TRUE(stores[0]->heartbeat(refs, verdicts, soon()).ok());
  EXPECT_THAT(verdicts, ::testing::Each(core::wait_verdict::waiting));
  EXPECT_LE(connections(), clients * 3);
}

TEST_F(waiting_test, who_polls_behind_a_pooler_asks_at_most_twenty_times_a_second) {
  pgbouncer pooler{server()};
  holdfast::testing::proxy relay{pooler.port()};
  const auto store = open("postgres://postgres@127.0.0.1:" + std::to_string(relay.port()) + "/" + database_);
  std::atomic<int> told{0};
  store->on_turn([&](const core::owner_id&) { ++told; });
  const auto holder = ask("r", 60s);
  const auto token = grant(*store, holder);
  std::vector<core::request> waiters;
  for (int i = 0; i < 30; ++i) {
    waiters.push_back(ask("r"));
    ASSERT_EQ(store->acquire(waiters.back(), true, soon()).is, outcome::queued);
  }
  std::atomic<int> asked{0};
  relay.judge_by([&](auto where, std::string_view) {
    if (where == holdfast::testing::proxy::direction::to_server) ++asked;
    return holdfast::testing::proxy::fate::pass;
  });
  const auto begun = boot_clock::now();
  ASSERT_TRUE(eventually([&] { return asked >= 40; }));
  EXPECT_GE(boot_clock::now() - begun, 1900ms);
  EXPECT_EQ(told, 0);
  EXPECT_EQ(store->release(lease(holder, token), soon()).is, released::released);
  EXPECT_TRUE(eventually([&] { return told > 0; }));
  EXPECT_EQ(store->claim(waiters[0], soon()).is, outcome::granted);
}

}  // namespace
}  // namespace holdfast::postgres::test
