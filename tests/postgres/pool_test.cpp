#include "store/sql/pool.hpp"

#include <thread>

#include "fixture.hpp"

namespace holdfast::postgres::test {
namespace {

struct connection_of_nothing {};

TEST(pool_test, room_goes_to_who_can_use_it) {
  sql::pool<connection_of_nothing> pool{1, [](time_point) { return std::make_unique<connection_of_nothing>(); }};
  auto one = pool.take(soon());
  auto beyond = std::make_unique<decltype(one)>(pool.take(soon(), 1));
  std::atomic<bool> served{false};
  std::thread ordinary{[&] { pool.take(boot_clock::now() + 3s); }};
  std::this_thread::sleep_for(200ms);  // So that it stands first.
  std::thread urgent{[&] { served = static_cast<bool>(pool.take(soon(), 1)); }};
  std::this_thread::sleep_for(200ms);
  beyond.reset();
  urgent.join();
  EXPECT_TRUE(served);
  ordinary.join();
}

}  // namespace
}  // namespace holdfast::postgres::test
