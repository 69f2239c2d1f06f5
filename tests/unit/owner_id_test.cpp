#include "core/owner_id.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <mutex>
#include <set>
#include <thread>
#include <vector>

namespace holdfast::core {

TEST(owner_id, nil_unless_made) {
  EXPECT_TRUE(owner_id{}.nil());
  EXPECT_EQ(owner_id{}.hex(), std::string(32, '0'));
  EXPECT_FALSE(owner_id::random().nil());
}

TEST(owner_id, hex_and_back) {
  const owner_id id{0x0123456789abcdefULL, 0xfedcba9876543210ULL};
  EXPECT_EQ(id.hex(), "0123456789abcdeffedcba9876543210");
  EXPECT_EQ(owner_id::from_hex(id.hex()), id);
  EXPECT_EQ(owner_id::from_hex("0123456789ABCDEFFEDCBA9876543210"), id);
  for (int i = 0; i < 100; ++i) {
    const auto any = owner_id::random();
    EXPECT_EQ(owner_id::from_hex(any.hex()), any);
  }
}

TEST(owner_id, anything_else_is_nil) {
  for (const auto* text :
       {"", "0", "0123456789abcdeffedcba987654321", "0123456789abcdeffedcba98765432100",
        "g123456789abcdeffedcba9876543210", "0123456789abcdef fedcba987654321", "-123456789abcdeffedcba9876543210"})
    EXPECT_TRUE(owner_id::from_hex(text).nil()) << text;
}

TEST(owner_id, threads_draw_different_ones) {
  std::mutex mutex;
  std::set<owner_id> all;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      std::vector<owner_id> mine;
      for (int j = 0; j < 500; ++j) mine.push_back(owner_id::random());
      const std::lock_guard lock{mutex};
      all.insert(mine.begin(), mine.end());
    });
  for (auto& each : threads) each.join();
  EXPECT_EQ(all.size(), 4000U);
}

TEST(owner_id, a_forked_child_draws_others_than_its_parent) {
  (void)owner_id::random();  // So that there is a buffer to inherit.
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const auto child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    std::string drawn;
    for (int i = 0; i < 20; ++i) drawn += owner_id::random().hex();
    const bool sent = ::write(ends[1], drawn.data(), drawn.size()) == static_cast<ssize_t>(drawn.size());
    ::_exit(sent ? 0 : 1);
  }
  ::close(ends[1]);
  std::string drawn(640, '\0');
  std::size_t size = 0;
  while (size < drawn.size()) {
    const auto got = ::read(ends[0], drawn.data() + size, drawn.size() - size);
    if (got <= 0) break;
    size += static_cast<std::size_t>(got);
  }
  ::close(ends[0]);
  int how = 0;
  ASSERT_EQ(::waitpid(child, &how, 0), child);
  EXPECT_EQ(how, 0);
  ASSERT_EQ(size, drawn.size());
  std::set<std::string> all;
  for (std::size_t i = 0; i < 20; ++i) all.insert(drawn.substr(i * 32, 32));
  for (int i = 0; i < 20; ++i) all.insert(owner_id::random().hex());
  EXPECT_EQ(all.size(), 40U);
}

}  // namespace holdfast::core
