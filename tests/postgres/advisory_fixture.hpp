#pragma once

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "fixture.hpp"
#include "support/proxy.hpp"

/// `lock=session`: advisory locks.
namespace holdfast::postgres::test {

/// A store, and what it tells unasked.
class watched {
 public:
  explicit watched(std::unique_ptr<core::store> made) : store_{std::move(made)} {
    store_->on_turn([this](const core::owner_id& owner) { add(turns_, owner); });
    store_->on_loss([this](const core::owner_id& owner, const status&) { add(losses_, owner); });
  }
  core::store& operator*() { return *store_; }
  core::store* operator->() { return store_.get(); }
  bool await_turn(const core::owner_id& owner) { return await(turns_, owner); }
  bool await_loss(const core::owner_id& owner) { return await(losses_, owner); }

 private:
  using owners = std::vector<core::owner_id>;
  void add(owners& to, const core::owner_id& owner) {
    const std::lock_guard lock{mutex_};
    to.push_back(owner);
    changed_.notify_all();
  }
  bool await(const owners& in, const core::owner_id& owner) {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, 30s, [&] { return std::find(in.begin(), in.end(), owner) != in.end(); });
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  owners turns_;
  owners losses_;
  std::unique_ptr<core::store> store_;  // Goes first.
};

class advisory_test : public postgres_test {
 protected:
  [[nodiscard]] std::string locks_url(const std::string& more = {}) const { return url("lock=session" + more); }
  [[nodiscard]] std::string through(const holdfast::testing::proxy& relay) const {
    return "postgres://postgres@127.0.0.1:" + std::to_string(relay.port()) + "/" + database_ + "?lock=session";
  }
  /// Advisory locks of the test's database that are held or waited for.
  [[nodiscard]] std::string locks(const std::string& where = "true") const {
    return query(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = "
        "(SELECT oid FROM pg_database WHERE datname = current_database()) AND " +
        where);
  }
  [[nodiscard]] bool await_locks(const std::string& where, const std::string& count) const {
    return eventually([&] { return locks(where) == count; });
  }
  /// What psql says to an attempt at the key that the documents give for that name.
  [[nodiscard]] std::string attempt_by_hand(const std::string& key) const {
    return query("SELECT pg_try_advisory_lock(" + key + ")");
  }
  void terminate_holders() const {
    query("SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_locks WHERE locktype = 'advisory' AND granted");
  }
};

}  // namespace holdfast::postgres::test
