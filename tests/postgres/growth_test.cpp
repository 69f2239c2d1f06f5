#include <cstdlib>

#include "fixture.hpp"

/// What stays in the database. With HOLDFAST_SOAK set, at full length.
namespace holdfast::postgres::test {
namespace {

bool soak() { return std::getenv("HOLDFAST_SOAK") != nullptr; }

long size_of(const postgres_server& server, const std::string& relation) {
  return std::stol(server.query("SELECT pg_relation_size('" + relation + "')"));
}

TEST(growth_test, names_that_come_and_go_leave_the_table_at_its_floor) {
  stepped_server server;
  const auto store = open(server->url());
  const auto held = ask("held", 5h);
  const auto held_token = grant(*store, held);
  const int names = soak() ? 100'000 : 3'000;
  std::uint64_t highest = 0;
  for (int i = 0; i < names; ++i) {
    const auto what = ask("r" + std::to_string(i));
    const auto token = grant(*store, what);
    highest = std::max(highest, token);
    ASSERT_EQ(store->release(lease(what, token), soon()).is, released::released);
  }
  EXPECT_GT(size_of(*server, "holdfast"), 100'000);
  server.step_to(2 * 3600);
  // In the background: by and by, as new names come.
  int more = 0;
  ASSERT_TRUE(eventually(
      [&] {
        for (int i = 0; i < 50; ++i) {
          const auto what = ask("new" + std::to_string(more++));
          store->release(lease(what, grant(*store, what)), soon());
        }
        return std::stol(server->query("SELECT count(*) FROM holdfast WHERE name LIKE 'r%'")) == 0;
      },
      std::chrono::minutes{5}));
  EXPECT_LT(more, names + 1000);
  server.step_to(2 * 3600 + 2 * 86400);
  std::string cursor;
  std::uint64_t forgotten = 0;
  do ASSERT_TRUE(store->clean_up(cursor, forgotten, soon()).ok());
  while (!cursor.empty());
  EXPECT_EQ(server->query("SELECT count(*) FROM holdfast"), "1") << "but for what is held";
  EXPECT_LE(size_of(*server, "holdfast"), 2 * 8192);
  EXPECT_EQ(store->release(lease(held, held_token), soon()).is, released::released);
  server.step_to(0);
  EXPECT_GT(grant(*store, ask("r1")), highest);
}

TEST(growth_test, names_that_stay_are_not_looked_through_time_and_again) {
  postgres_server server;
  auto store = open(server.url());
  const auto pass = [&] {
    const auto what = ask("r");
    EXPECT_EQ(store->release(lease(what, grant(*store, what)), soon()).is, released::released);
  };
  pass();
  store.reset();  // What it began behind our back is over.
  const auto before = server.query("SELECT xmin FROM holdfast_state");
  store = open(server.url());
  for (int i = 0; i < 300; ++i) pass();
  store.reset();
  EXPECT_EQ(server.query("SELECT xmin FROM holdfast_state"), before);
}

TEST(growth_test, renewals_do_not_make_the_table_grow) {
  postgres_server server;
  const auto store = open(server.url());
  std::vector<core::request> all;
  std::vector<core::lease_ref> leases;
  for (int i = 0; i < 1000; ++i) {
    all.push_back(ask("lease " + std::to_string(i), 600s));
    grant(*store, all.back());
  }
  for (const auto& each : all) leases.push_back(lease(each, 0));
  const auto floor = size_of(server, "holdfast");
  const auto floor_of_key = size_of(server, "holdfast_pkey");
  const int rounds = soak() ? 1000 : 60;
  std::vector<core::renew_verdict> verdicts(500);
  for (int i = 0; i < rounds; ++i) {
    for (const std::size_t from : {0, 500}) {
      ASSERT_TRUE(store->renew(std::span{leases}.subspan(from, 500), verdicts, soon()).why.ok());
      ASSERT_THAT(verdicts, ::testing::Each(core::renew_verdict::renewed));
    }
  }
  EXPECT_LE(size_of(server, "holdfast"), 2 * floor);
  EXPECT_EQ(size_of(server, "holdfast_pkey"), floor_of_key);
  server.query("SELECT pg_stat_force_next_flush()");
  EXPECT_TRUE(eventually([&] {
    return server.query("SELECT n_tup_hot_upd > 0.9 * n_tup_upd FROM pg_stat_user_tables WHERE relname = 'holdfast'") ==
           "t";
  }));
}

TEST(growth_test, waiters_that_died_are_cleaned_up) {
  stepped_server server;
  auto store = open(server->url());
  const auto holder = ask("r", 1s);
  grant(*store, holder);
  for (int i = 0; i < 20; ++i) ASSERT_EQ(store->acquire(ask("r"), true, soon()).is, outcome::queued);
  store.reset();
  server.step_to(3600);
  const auto later = open(server->url());
  std::string cursor;
  std::uint64_t forgotten = 0;
  ASSERT_TRUE(later->clean_up(cursor, forgotten, soon()).ok());
  EXPECT_EQ(server->query("SELECT count(*) FROM holdfast_waiter"), "0");
  EXPECT_EQ(server->query("SELECT count(*) FROM holdfast WHERE queued"), "0");
}

}  // namespace
}  // namespace holdfast::postgres::test
