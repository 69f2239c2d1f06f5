#include <thread>
#include <utility>

#include "conformance/suite.hpp"

namespace holdfast::conformance {

/// A client, and the hints that it gets. The box outlives the store.
struct hinted {
  explicit hinted(std::unique_ptr<core::store> made) : store{std::move(made)} { hints.attach(*store); }
  hint_box hints;
  std::unique_ptr<core::store> store;
};

TEST_F(conformance, release_hints_the_next_waiter) {
  hinted waiting{open()};
  const auto holder = ask("r");
  const auto token = grant(*a_, holder);
  const auto next = ask("r");
  queue(*waiting.store, next);
  release(*a_, holder, token);
  EXPECT_TRUE(waiting.hints.await(next.owner));
  take_up(*waiting.store, next);
}

TEST_F(conformance, release_hints_a_waiter_of_the_same_client) {
  hinted client{open()};
  const auto holder = ask("r");
  const auto token = grant(*client.store, holder);
  const auto next = ask("r");
  queue(*client.store, next);
  release(*client.store, holder, token);
  EXPECT_TRUE(client.hints.await(next.owner));
  take_up(*client.store, next);
}

TEST_F(conformance, withdraw_and_break_hint_the_next_waiter) {
  hinted waiting{open()};
  const auto holder = ask("r");
  const auto token = grant(*a_, holder);
  const auto first = ask("r");
  const auto second = ask("r");
  queue(*b_, first);
  queue(*waiting.store, second);
  EXPECT_TRUE(a_->break_lease("r", token, std::nullopt, by()).ok());
  withdraw(*b_, first);
  EXPECT_TRUE(waiting.hints.await(second.owner));
  take_up(*waiting.store, second);
}

TEST_F(conformance, release_of_one_resource_wakes_only_its_waiter) {
  hinted one{open()};
  hinted two{open()};
  const auto holder_x = ask("x");
  const auto holder_y = ask("y");
  const auto token_x = grant(*a_, holder_x);
  const auto token_y = grant(*a_, holder_y);
  const auto x = ask("x");
  const auto behind = ask("x");
  const auto y = ask("y");
  queue(*one.store, x);
  queue(*two.store, behind);
  queue(*two.store, y);
  release(*a_, holder_x, token_x);
  EXPECT_TRUE(one.hints.await(x.owner));
  EXPECT_EQ(two.hints.count(), 0U);
  release(*a_, holder_y, token_y);
  EXPECT_TRUE(two.hints.await(y.owner));
  EXPECT_FALSE(two.hints.got(behind.owner));
  EXPECT_EQ(two.hints.count(), 1U);
}

TEST_F(conformance, hints_reach_each_of_many_waiters_in_turn) {
  std::vector<std::unique_ptr<hinted>> clients;
  for (int i = 0; i < 5; ++i) clients.push_back(std::make_unique<hinted>(open()));
  auto holder = ask("r");
  auto token = grant(*a_, holder);
  std::vector<core::request> waiters;
  for (const auto& client : clients) {
    waiters.push_back(ask("r"));
    queue(*client->store, waiters.back());
  }
  core::store* last = a_.get();
  for (std::size_t i = 0; i < clients.size(); ++i) {
    release(*last, holder, token);
    ASSERT_TRUE(clients[i]->hints.await(waiters[i].owner)) << i;
    for (std::size_t j = i + 1; j < clients.size(); ++j) EXPECT_EQ(clients[j]->hints.count(), 0U);
    last = clients[i]->store.get();
    holder = waiters[i];
    token = take_up(*last, holder);
    pass_alive(*last, waiters, 0s);
  }
}

TEST_F(conformance, a_store_without_a_callback_loses_its_hints_in_peace) {
  const auto holder = ask("r");
  const auto token = grant(*a_, holder);
  const auto next = ask("r");
  queue(*b_, next);
  release(*a_, holder, token);
  take_up(*b_, next);
}

TEST_F(conformance, a_store_may_go_while_hints_are_on_their_way) {
  for (int i = 0; i < 10; ++i) {
    const auto resource = "r" + std::to_string(i);
    auto leaving = std::make_unique<hinted>(open());
    const auto holder = ask(resource);
    const auto token = grant(*a_, holder);
    queue(*leaving->store, ask(resource));
    std::thread releasing{[&] { release(*a_, holder, token); }};
    leaving.reset();
    releasing.join();
  }
}

}  // namespace holdfast::conformance
