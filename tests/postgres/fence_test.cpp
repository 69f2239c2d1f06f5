#include "fixture.hpp"

/// examples/fenced_table.sql.
namespace holdfast::postgres::test {
namespace {

class fence_test : public postgres_test {
 protected:
  fence_test() { query(holdfast::testing::read_file(HOLDFAST_EXAMPLES_FOLDER "/fenced_table.sql")); }
  void write(int amount, std::uint64_t token) {
    query("BEGIN; SELECT set_config('holdfast.token', '" + std::to_string(token) +
          "', true); INSERT INTO stock(item, amount) VALUES ('nails', " + std::to_string(amount) +
          ") ON CONFLICT (item) DO UPDATE SET amount = excluded.amount; COMMIT");
  }
  std::string amount() { return query("SELECT amount FROM stock"); }
};

TEST_F(fence_test, what_the_later_holder_wrote_stands) {
  const auto store = open(url());
  const auto paused = ask("nails", 200ms);
  const auto old = grant(*store, paused);
  write(100, old);
  const auto next = ask("nails");
  core::turn_answer taken;
  ASSERT_TRUE(eventually([&] {
    taken = store->acquire(next, true, soon());
    return taken.is == outcome::granted;
  }));
  write(90, taken.token);
  EXPECT_THROW(write(99, old), std::runtime_error);
  EXPECT_EQ(amount(), "90");
  write(80, taken.token);
  EXPECT_EQ(amount(), "80");
  EXPECT_THROW(query("UPDATE stock SET amount = 1"), std::runtime_error);
  EXPECT_EQ(amount(), "80");
}

}  // namespace
}  // namespace holdfast::postgres::test
