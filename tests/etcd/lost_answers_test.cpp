// Requests and answers that get lost between two steps of a verb, over an etcd within the process.
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <thread>

#include "etcd/fake_fixture.hpp"
#include "store/etcd/errors.hpp"
#include "store/etcd/layout.hpp"
#include "store/etcd/transactions.hpp"
#include "support/eventually.hpp"
#include "support/fake_etcd.hpp"
#include "support/scripted_etcd.hpp"

namespace holdfast::testing {
namespace {

[[noreturn]] void out_of_reach() { throw etcd::failure{{errc::unavailable, "etcd can't be reached"}, false}; }
[[noreturn]] void no_answer() { throw etcd::failure{{errc::unavailable, "no answer from etcd in time"}, true}; }

class lost_answers : public fake_test {
 protected:
  static std::unique_ptr<core::store> open(std::unique_ptr<etcd::transport> with) {
    return etcd::open_store(std::move(with), "etcd://fake", [](const status&) {});
  }
  core::renew_verdict renew(const core::request& what) { return fake_test::renew(*store_, what); }
  void beat(const core::request& what) {
    const core::waiter_ref who{what.resource, what.owner};
    auto verdict = core::wait_verdict::unknown;
    static_cast<void>(store_->heartbeat({&who, 1}, {&verdict, 1}, by()));
  }
  void no_script() { *script_ = {}; }

  const std::shared_ptr<etcd_script> script_ = std::make_shared<etcd_script>();
  const std::unique_ptr<core::store> store_ = open(std::make_unique<scripted_etcd>(server_->connect(), script_));
  const std::unique_ptr<core::store> other_ = open(server_->connect());
};

TEST_F(lost_answers, a_grant_that_is_being_made_is_not_swept_away) {
  const auto kept = ask("kept");
  ASSERT_EQ(store_->acquire(kept, true, by()).is, outcome::granted);
  const auto mine = ask("k");
  script_->before_commit = [&](const auto& what) {
    if (etcd_script::puts(what, "k")) no_answer();
  };
  const auto lost = store_->acquire(mine, true, by());
  ASSERT_TRUE(lost.is == outcome::failed && lost.unknown);
  no_script();
  script_->after_commit = [&](const auto& what) {
    if (!etcd_script::puts(what, "k")) return;
    std::thread keeper{[&] { EXPECT_EQ(renew(kept), core::renew_verdict::renewed); }};
    keeper.join();
  };
  ASSERT_EQ(store_->acquire(mine, true, by()).is, outcome::granted);
  no_script();
  EXPECT_EQ(other_->acquire(ask("k"), false, by()).is, outcome::busy);
}

TEST_F(lost_answers, a_failure_after_the_grant_is_unknown) {
  const auto kept = ask("kept", 6s);
  ASSERT_EQ(store_->acquire(kept, true, by()).is, outcome::granted);
  std::this_thread::sleep_for(3100ms);  // Beyond half the ttl, which is what makes the grant ask once more.
  server_->elect();
  bool put = false;
  script_->after_commit = [&](const auto& what) { put = put || etcd_script::puts(what, "k"); };
  script_->before_keep_alive = [&] {
    if (put) out_of_reach();
  };
  const auto mine = ask("k", 6s);
  const auto answer = store_->acquire(mine, true, by());
  ASSERT_EQ(answer.is, outcome::failed);
  EXPECT_TRUE(answer.unknown);
  no_script();
  EXPECT_TRUE(store_->withdraw({"k", mine.owner}, by()).done);
  EXPECT_EQ(other_->acquire(ask("k"), false, by()).is, outcome::granted);
}

TEST_F(lost_answers, a_failure_after_queueing_is_unknown) {
  const auto holder = ask("k");
  const auto token = other_->acquire(holder, true, by()).token;
  ASSERT_EQ(other_->acquire(ask("j"), true, by()).is, outcome::granted);
  ASSERT_EQ(store_->acquire(ask("j"), true, by()).is, outcome::queued);  // It makes the session.
  for (int i = 0; i < 20; ++i) other_->acquire(ask("k/other" + std::to_string(i)), true, by());
  bool put = false;
  script_->after_commit = [&](const auto& what) { put = put || etcd_script::puts(what, "k"); };
  script_->before_commit = [&](const auto&) {
    if (put) out_of_reach();
  };
  const auto mine = ask("k");
  const auto answer = store_->acquire(mine, true, by());
  ASSERT_EQ(answer.is, outcome::failed);
  EXPECT_TRUE(answer.unknown);
  no_script();
  EXPECT_TRUE(store_->withdraw({"k", mine.owner}, by()).done);
  other_->release({"k", holder.owner, 60s, token}, by());
  EXPECT_EQ(other_->acquire(ask("k"), false, by()).is, outcome::granted);
}

TEST_F(lost_answers, a_heartbeat_does_not_undo_a_grant) {
  const auto holder = ask("k");
  const auto token = other_->acquire(holder, true, by()).token;
  const auto mine = ask("k");
  ASSERT_EQ(store_->acquire(mine, true, by()).is, outcome::queued);
  server_->cut_streams();  // So that the heartbeat has to look.
  bool once = false;
  outcome got = outcome::failed;
  script_->after_commit = [&](const etcd::transaction& what) {
    const auto* line = what.then.size() == 2 ? std::get_if<etcd::read>(&what.then.back()) : nullptr;
    if (once || line == nullptr || line->limit == 0) return;
    once = true;
    // What the heartbeat just read is old by the time that it is taken in.
    std::thread waiter{[&] {
      other_->release({"k", holder.owner, 60s, token}, by());
      got = store_->claim(mine, by()).is;
    }};
    waiter.join();
  };
  while (!once) beat(mine);
  no_script();
  ASSERT_EQ(got, outcome::granted);
  EXPECT_EQ(renew(mine), core::renew_verdict::renewed);
}

TEST_F(lost_answers, a_put_that_comes_long_after_the_withdrawal_is_swept_away) {
  const auto kept = ask("kept");
  ASSERT_EQ(store_->acquire(kept, true, by()).is, outcome::granted);
  etcd::transaction late;
  script_->before_commit = [&](const auto& what) {
    if (!etcd_script::puts(what, "k")) return;
    late = what;
    no_answer();
  };
  const auto mine = ask("k");
  ASSERT_TRUE(store_->acquire(mine, true, by()).unknown);
  no_script();
  const auto withdrawn = store_->withdraw({"k", mine.owner}, by());
  EXPECT_TRUE(withdrawn.done);
  EXPECT_FALSE(withdrawn.conclusive);
  ASSERT_TRUE(server_->connect()->commit(late, by()).succeeded);
  const auto until = by();
  while (other_->acquire(ask("k"), false, by()).is == outcome::busy && boot_clock::now() < until) {
    ASSERT_EQ(renew(kept), core::renew_verdict::renewed);
    std::this_thread::sleep_for(20ms);
  }
  EXPECT_LT(boot_clock::now(), until);
}

TEST_F(lost_answers, a_release_that_did_not_get_through_is_made_good) {
  const auto mine = ask("k");
  const auto token = store_->acquire(mine, true, by()).token;
  script_->before_commit = [](const auto&) { no_answer(); };
  EXPECT_TRUE(store_->release({"k", mine.owner, 60s, token}, by()).unknown);
  no_script();
  ASSERT_EQ(store_->acquire(ask("something else"), true, by()).is, outcome::granted);  // The client goes on.
  EXPECT_EQ(other_->acquire(ask("k"), false, by()).is, outcome::granted);
}

TEST_F(lost_answers, a_late_deletion_does_not_hit_the_next_who_has_the_name) {
  const auto first = ask("k");
  const auto token = store_->acquire(first, true, by()).token;
  etcd::transaction late;
  script_->before_commit = [&](const auto& what) {
    if (!what.then.empty() && std::holds_alternative<etcd::erase>(what.then.front())) late = what;
  };
  EXPECT_EQ(store_->release({"k", first.owner, 60s, token}, by()).is, core::release_answer::outcome::released);
  no_script();
  const auto second = ask("k");
  ASSERT_EQ(store_->acquire(second, true, by()).is, outcome::granted);
  server_->connect()->commit(late, by());
  EXPECT_EQ(renew(second), core::renew_verdict::renewed);
  EXPECT_EQ(other_->acquire(ask("k"), false, by()).is, outcome::busy);
}

TEST_F(lost_answers, strays_cost_no_renewals) {
  const auto kept = ask("kept");
  ASSERT_EQ(store_->acquire(kept, true, by()).is, outcome::granted);
  const auto mine = ask("k");
  const auto token = store_->acquire(mine, true, by()).token;
  script_->before_commit = [](const auto&) { no_answer(); };
  EXPECT_TRUE(store_->release({"k", mine.owner, 60s, token}, by()).unknown);
  no_script();
  // The stray's key can't be read (a right was taken away), or the time is up by then.
  script_->before_commit = [](const etcd::transaction& what) {
    const auto* r = what.then.size() == 1 ? std::get_if<etcd::read>(&what.then.front()) : nullptr;
    if (r != nullptr && r->key.starts_with("k/") && !r->keys_only) out_of_reach();
  };
  EXPECT_EQ(renew(kept), core::renew_verdict::renewed);
}

TEST_F(lost_answers, an_owner_that_asks_on_is_not_swept_away) {
  const auto first = ask("k");
  const auto token = other_->acquire(first, true, by()).token;
  ASSERT_EQ(other_->acquire(ask("j"), true, by()).is, outcome::granted);
  ASSERT_EQ(store_->acquire(ask("j"), true, by()).is, outcome::queued);  // It makes the waiters' session.
  const auto mine = ask("k");
  script_->after_commit = [&](const auto& what) {
    if (etcd_script::puts(what, "k")) no_answer();
  };
  ASSERT_TRUE(store_->acquire(mine, true, by()).unknown);
  // Repeated. Just then the waiters' lease runs out (here: the key goes), the holder goes, and another one takes it.
  bool once = false;
  std::string key;
  std::uint64_t second_token = 0;
  const auto second = ask("k");
  script_->after_commit = [&](const etcd::transaction& what) {
    if (once || !etcd_script::puts(what, "k")) return;
    once = true;
    key = std::get<etcd::put>(what.then.front()).key;
    etcd::transaction gone;
    gone.then.emplace_back(etcd::erase{key});
    server_->connect()->commit(gone, by());
    other_->release({"k", first.owner, 60s, token}, by());
    second_token = other_->acquire(second, true, by()).token;
  };
  ASSERT_EQ(store_->acquire(mine, true, by()).is, outcome::queued);
  no_script();
  EXPECT_EQ(other_->release({"k", second.owner, 60s, second_token}, by()).is, core::release_answer::outcome::released);
  const auto got = store_->claim(mine, by());
  ASSERT_EQ(got.is, outcome::granted);
  EXPECT_GT(got.sent + got.ttl, boot_clock::now() + 50s);
  ASSERT_EQ(store_->acquire(ask("something else"), true, by()).is, outcome::granted);  // Sweeps.
  EXPECT_EQ(other_->acquire(ask("k"), false, by()).is, outcome::busy);
}

TEST_F(lost_answers, a_sweep_that_began_before_spares_an_owner_that_asks_on) {
  const auto first = ask("k");
  const auto token = other_->acquire(first, true, by()).token;
  ASSERT_EQ(other_->acquire(ask("j"), true, by()).is, outcome::granted);
  ASSERT_EQ(store_->acquire(ask("j"), true, by()).is, outcome::queued);
  const auto mine = ask("k");
  std::string key;
  script_->after_commit = [&](const etcd::transaction& what) {
    if (!etcd_script::puts(what, "k")) return;
    key = std::get<etcd::put>(what.then.front()).key;
    no_answer();
  };
  ASSERT_TRUE(store_->acquire(mine, true, by()).unknown);
  no_script();
  ASSERT_EQ(store_->acquire(mine, true, by()).is, outcome::queued);
  const std::vector<std::string> own{key};
  ASSERT_TRUE(test::eventually([&] {  // The waiters' lease runs out, since nobody beats.
    return server_->connect()->commit(etcd::transactions::read_keys(own), by()).results.at(0).entries.empty();
  }));
  ASSERT_EQ(store_->claim(mine, by()).is, outcome::gone);
  other_->release({"k", first.owner, 60s, token}, by());
  bool once = false;
  outcome again = outcome::failed;
  script_->before_commit = [&](const etcd::transaction& what) {
    const auto* r = what.then.size() == 1 ? std::get_if<etcd::read>(&what.then.front()) : nullptr;
    if (once || r == nullptr || r->key != key || r->keys_only || !what.when.empty()) return;
    once = true;  // The keeper's sweep is on its way; meanwhile the waiter asks anew, as the core does at once.
    std::thread waiter{[&] { again = store_->acquire(mine, true, by()).is; }};
    waiter.join();
  };
  beat(ask("j"));
  no_script();
  if (!once) again = store_->acquire(mine, true, by()).is;  // Nothing to sweep: it has not ended.
  ASSERT_EQ(again, outcome::granted);
  EXPECT_EQ(other_->acquire(ask("k"), false, by()).is, outcome::busy);
}

TEST_F(lost_answers, a_key_is_made_good_though_the_next_try_did_not_get_out) {
  ASSERT_EQ(other_->acquire(ask("j"), true, by()).is, outcome::granted);
  const auto waits = ask("j");
  ASSERT_EQ(store_->acquire(waits, true, by()).is, outcome::queued);
  ASSERT_EQ(other_->acquire(ask("k/other"), true, by()).is, outcome::granted);  // Another name, that goes on from k.
  bool put = false;
  script_->after_commit = [&](const auto& what) { put = put || etcd_script::puts(what, "k"); };
  script_->before_commit = [&](const auto&) {
    if (put) out_of_reach();
  };
  const auto mine = ask("k");
  ASSERT_TRUE(store_->acquire(mine, true, by()).unknown);  // It stands in line; then etcd went away.
  EXPECT_EQ(store_->acquire(mine, true, by()).is, outcome::failed);
  EXPECT_FALSE(store_->withdraw({"k", mine.owner}, by()).done);  // The core gives up, and the keeper in the end.
  no_script();                                                   // It is back; leases stand, as with a new leader.
  for (int i = 0; i < 3; ++i) beat(waits);
  ASSERT_EQ(store_->acquire(ask("something else"), true, by()).is, outcome::granted);
  EXPECT_EQ(other_->acquire(ask("k"), false, by()).is, outcome::granted);
}

/// Others keep what they like in the same etcd, and a lot of it.
TEST_F(lost_answers, listings_read_no_values_but_those_of_locks) {
  ASSERT_EQ(other_->acquire(ask("k"), true, by()).is, outcome::granted);
  etcd::transaction foreign;
  foreign.then.emplace_back(etcd::put{.key = "app/12", .value = std::string(1000, 'x')});
  server_->connect()->commit(foreign, by());
  int values = 0;
  script_->before_commit = [&](const etcd::transaction& what) {
    for (const auto& each : what.then)
      if (const auto* read = std::get_if<etcd::read>(&each); read != nullptr && !read->keys_only) {
        ++values;
        EXPECT_TRUE(read->key.starts_with("k/")) << read->key;
      }
  };
  resource_page page;
  ASSERT_TRUE(store_->list("", "", 100, page, by()).ok());
  EXPECT_EQ(values, 1);
  ASSERT_EQ(page.resources.size(), 1U);
  EXPECT_EQ(page.resources.front().holders.size(), 1U);
}

}  // namespace
}  // namespace holdfast::testing
