#include <sched.h>

#include <atomic>
#include <cstdio>
#include <fstream>

#include "fixture.hpp"
#include "store/sqlite/clean_up.hpp"
#include "store/sqlite/schema.hpp"

/// Boots, clocks, and tokens that only rise.
namespace holdfast::sqlite::test {
namespace {

class sqlite_time : public with_store {
 protected:
  std::shared_ptr<std::atomic<std::uint64_t>> wall = std::make_shared<std::atomic<std::uint64_t>>(5'000'000'000);
  machine on(std::string boot, duration offset = {}) {
    return {std::move(boot), offset, [at = wall] { return at->load(); }};
  }
  core::turn_answer acquire(core::store& in, const core::request& what) { return in.acquire(what, true, soon()); }
};

TEST_F(sqlite_time, another_boot_ends_all_leases_and_waits) {
  const auto a = ask_for("a");
  const auto b = ask_for("a");
  std::uint64_t before = 0;
  {
    const auto store = open(path, on("boot 1"));
    before = acquire(*store, a).token;
    ASSERT_EQ(acquire(*store, b).is, outcome::queued);
  }
  const auto store = open(path, on("boot 2"));
  resource_view view;
  ASSERT_TRUE(store->inspect("a", view, soon()).ok());
  EXPECT_TRUE(view.holders.empty());
  EXPECT_TRUE(view.waiters.empty());
  EXPECT_EQ(store->claim(b, soon()).is, outcome::gone);
  EXPECT_EQ(store->release(lease_of(a, before), soon()).is, core::release_answer::outcome::not_held);
  EXPECT_GT(acquire(*store, ask_for("a")).token, before);
}

TEST_F(sqlite_time, the_same_boot_keeps_them) {
  {
    const auto store = open(path, on("boot 1"));
    ASSERT_EQ(acquire(*store, ask_for("a")).is, outcome::granted);
  }
  EXPECT_EQ(open(path, on("boot 1"))->acquire(ask_for("a"), false, soon()).is, outcome::busy);
}

TEST_F(sqlite_time, time_namespaces_agree_on_the_end_of_a_lease) {
  const auto outside = open(path, on("boot 1"));
  // Its boot clock seems ten days ahead; ours is what remains when that is taken off.
  const auto inside = open(path, on("boot 1", -240h));
  ASSERT_EQ(acquire(*outside, ask_for("a", 100h)).is, outcome::granted);
  EXPECT_EQ(inside->acquire(ask_for("a"), false, soon()).is, outcome::granted) << "a clock 240 hours on";
  const auto right = open(path, on("boot 1", 0s));
  EXPECT_EQ(right->acquire(ask_for("a"), false, soon()).is, outcome::busy);
}

TEST_F(sqlite_time, a_process_in_another_time_namespace_sees_the_lease) {
  const auto store = open(path);
  ASSERT_EQ(acquire(*store, ask_for("a", 100h)).is, outcome::granted);
  constexpr int no_right = 77;
  const int how = in_child([&] {
    if (::unshare(CLONE_NEWTIME) != 0) return no_right;
    // Refused here: this process' clock is not the one that the file tells of.
    if (open(path)->ping(soon()) != errc::misconfigured) return 1;
    std::ofstream{"/proc/self/timens_offsets"} << "boottime 864000 0\n" << std::flush;
    return in_child([&] {
      const auto inside = open(path);
      if (inside->acquire(ask_for("a"), false, soon()).is != outcome::busy) return 2;
      resource_view view;
      if (!inside->inspect("a", view, soon()).ok() || view.holders.size() != 1) return 3;
      return view.holders[0].expires_in > 99h && view.holders[0].expires_in <= 100h ? 0 : 4;
    });
  });
  if (how == no_right) {
    std::puts("no right to make a time namespace: the arithmetic alone is tested");
    return;
  }
  EXPECT_EQ(how, 0);
}

TEST_F(sqlite_time, tokens_rise_where_the_wall_clock_falls) {
  const auto store = open(path, on("boot 1"));
  std::uint64_t last = 0;
  for (int i = 0; i < 5; ++i) {
    const auto a = ask_for("a");
    const auto token = acquire(*store, a).token;
    EXPECT_GT(token, last);
    last = token;
    store->release(lease_of(a, token), soon());
    wall->fetch_sub(500'000'000);
  }
}

TEST_F(sqlite_time, tokens_take_the_wall_clock_as_a_floor) {
  const auto store = open(path, on("boot 1"));
  EXPECT_EQ(acquire(*store, ask_for("a")).token, wall->load());
}

TEST_F(sqlite_time, a_clock_beyond_all_tokens_is_an_error) {
  *wall = (std::uint64_t{1} << 53);
  const auto store = open(path, on("boot 1"));
  EXPECT_EQ(acquire(*store, ask_for("a")).why, errc::internal);
}

std::int64_t rows(connection& in) { return in.ask_number("SELECT count(*) FROM lease"); }

TEST_F(sqlite_time, clean_up_forgets_old_names_and_no_token) {
  const auto store = open(path, on("boot 1"));
  std::uint64_t highest = 0;
  const auto held = ask_for("m");
  const auto waited = ask_for("n");
  const auto held_token = acquire(*store, held).token;
  acquire(*store, waited);
  for (int i = 0; i < 300; ++i) {
    const auto a = ask_for("name" + std::to_string(i));
    wall->fetch_add(1);
    const auto token = acquire(*store, a).token;
    highest = std::max(highest, token);
    store->release(lease_of(a, token), soon());
  }
  connection direct{path, "sqlite:" + path, soon()};
  clean_up cleaner{direct};
  auto at = look(on("boot 1"));
  cleaner.some(at, 1000);
  EXPECT_EQ(rows(direct), 302) << "too early";
  at.wall_us += std::uint64_t{7200} * 1'000'000;
  cleaner.some(at, 100);
  EXPECT_EQ(rows(direct), 204) << "the first hundred, two of them in use";
  cleaner.some(at, 100);
  cleaner.some(at, 1000);
  EXPECT_EQ(rows(direct), 2);
  cleaner.some(at, 1000);
  EXPECT_EQ(rows(direct), 2);
  EXPECT_GE(cleaner.floor(), highest);
  // The wall clock stands an hour before what it was: still higher.
  *wall = 1;
  EXPECT_GT(acquire(*store, ask_for("name7")).token, highest);
  EXPECT_EQ(store->release(lease_of(held, held_token), soon()).is, core::release_answer::outcome::released);
}

TEST_F(sqlite_time, names_that_come_and_go_do_not_grow_the_file_for_ever) {
  const auto store = open(path, on("boot 1"));
  for (int i = 0; i < 3000; ++i) {
    const auto a = ask_for("name" + std::to_string(i));
    const auto answer = acquire(*store, a);
    ASSERT_EQ(answer.is, outcome::granted);
    store->release(lease_of(a, answer.token), soon());
    wall->fetch_add(std::uint64_t{60} * 1'000'000);  // A name a minute.
  }
  connection direct{path, "sqlite:" + path, soon()};
  EXPECT_LT(rows(direct), 1500);
}

}  // namespace
}  // namespace holdfast::sqlite::test
