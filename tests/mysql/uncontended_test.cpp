// A verb that meets nobody is one statement, whatever happened to the resource before.
#include "fixture.hpp"

namespace holdfast::mysql::test {
namespace {

class mysql_uncontended : public mysql_test {
 protected:
  /// Prepared statements that the server has carried out.
  [[nodiscard]] long executed() const {
    const auto line = server_.admin("SHOW GLOBAL STATUS LIKE 'Com_stmt_execute'");
    return std::stol(line.substr(line.find('\t') + 1));
  }
  /// Sets many tokens aside and uses a few; the last of these.
  std::uint64_t take_and_free_reserving(std::uint64_t after) {
    const auto what = ask_for("r", 30s, 1'000'000);
    const auto token = grant(*store_, what);
    EXPECT_GT(token, after);
    EXPECT_EQ(release(*store_, what, token + 600'000), release_outcome::released);
    return token + 600'000;
  }
  /// What taking and freeing it costs; the token that was used last.
  std::uint64_t take_and_free(std::uint64_t after) {
    const auto what = ask_for("r");
    const auto before = executed();
    const auto token = grant(*store_, what);
    EXPECT_GT(token, after);
    EXPECT_EQ(release(*store_, what, token), release_outcome::released);
    EXPECT_EQ(executed() - before, 2);
    return token;
  }

  const std::unique_ptr<core::store> store_ = open(url_);
};

TEST_F(mysql_uncontended, a_verb_is_one_statement_from_the_second_time_on) {
  const auto what = ask_for("r");
  auto token = grant(*store_, what);
  release(*store_, what, token);
  for (int i = 0; i < 5; ++i) token = take_and_free(token);
}

TEST_F(mysql_uncontended, also_once_the_queue_is_gone) {
  const auto holder = ask_for("r");
  auto token = grant(*store_, holder);
  const auto waiter = ask_for("r");
  queue(*store_, waiter);
  ASSERT_TRUE(store_->withdraw(waiter_of(waiter), soon()).done);
  release(*store_, holder, token);  // Finds out that nobody waits any more.
  token = take_and_free(token);

  const auto next = ask_for("r");
  token = grant(*store_, next);
  const auto last = ask_for("r");
  queue(*store_, last);
  release(*store_, next, token);
  token = claim_in_time(*store_, last);
  ASSERT_GT(token, 0U);
  release(*store_, last, token);
  take_and_free(token);
}

TEST_F(mysql_uncontended, also_after_a_break) {
  const auto holder = ask_for("r");
  const auto token = grant(*store_, holder);
  ASSERT_TRUE(store_->break_lease("r", token, std::nullopt, soon()).ok());
  take_and_free(token);
}

// Those that were set aside and not used may be used by the next; those that were used may not.
TEST_F(mysql_uncontended, also_after_tokens_were_reserved_and_none_of_them_is_given_twice) {
  auto highest = take_and_free_reserving(0);
  for (int i = 0; i < 3; ++i) {
    highest = take_and_free_reserving(highest);
    highest = take_and_free(highest);
  }
}

// A release that counts on an estimate of the server's clock must know when it can't.
TEST_F(mysql_uncontended, a_lease_that_ran_out_is_not_released) {
  const auto what = ask_for("r", 100ms);
  const auto token = grant(*store_, what);
  ASSERT_TRUE(eventually([&] {
    resource_view view;
    return store_->inspect("r", view, soon()).ok() && view.holders.empty();
  }));
  EXPECT_EQ(release(*store_, what, token), release_outcome::not_held);
}

}  // namespace
}  // namespace holdfast::mysql::test
