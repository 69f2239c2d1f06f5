// Three members, of which some die, stop, or are cut off, while locks are held and waited for.
#include <sched.h>

#include <csignal>
#include <mutex>
#include <thread>
#include <vector>

#include "etcd/fixture.hpp"

namespace holdfast::testing {
namespace {

/// Everything in a network of its own, so that a member can be cut off from the others: each is another user.
class cluster_test : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    ASSERT_EQ(::unshare(CLONE_NEWNET), 0) << "a network namespace (needs root)";
    shell("ip link set lo up");
    cluster_ = std::make_unique<etcd_cluster>(etcd_cluster::options{.members = 3, .users = true});
  }
  static void TearDownTestSuite() { cluster_.reset(); }
  cluster_test() { cluster_->delete_all_keys(); }

  static void shell(const std::string& script) {
    const temporary_folder folder;
    process one{launch{.words = {"sh", "-c", script}}, folder.path()};
    ASSERT_EQ(one.wait(), 0) << script << ": " << one.err();
  }
  /// Neither hears of the other members nor is heard by them; its clients still reach it.
  static void cut_off(std::size_t which) {
    for (std::size_t i = 0; i < cluster_->size(); ++i)
      shell("iptables -A OUTPUT -m owner --uid-owner " + std::to_string(cluster_->user(i)) + " -p tcp --dport " +
            std::to_string(cluster_->peer_port(which)) + " -j DROP");
    for (std::size_t i = 0; i < cluster_->size(); ++i)
      shell("iptables -A OUTPUT -m owner --uid-owner " + std::to_string(cluster_->user(which)) + " -p tcp --dport " +
            std::to_string(cluster_->peer_port(i)) + " -j DROP; iptables -A OUTPUT -m owner --uid-owner " +
            std::to_string(cluster_->user(which)) + " -p tcp --sport " + std::to_string(cluster_->peer_port(which)) +
            " -j DROP");
  }
  static void join_again() { shell("iptables -F OUTPUT"); }

  static etcd_cluster& cluster() { return *cluster_; }

 private:
  static inline std::unique_ptr<etcd_cluster> cluster_;
};

/// Clients that take turns under one lock all the while: never two at once, each token higher than the last.
class crowd {
 public:
  explicit crowd(const std::string& url) {
    for (int i = 0; i < 4; ++i)
      threads_.emplace_back([this, url] {
        client own{url};
        mutex lock{own, "crowd", {.ttl = 5s}};
        while (!over_) turn(lock);
      });
  }
  ~crowd() { end(); }
  crowd(const crowd&) = delete;
  crowd& operator=(const crowd&) = delete;

  void end() {
    over_ = true;
    for (auto& each : threads_)
      if (each.joinable()) each.join();
  }
  [[nodiscard]] long turns() const { return turns_; }
  [[nodiscard]] long wrong() const { return wrong_; }

 private:
  void turn(mutex& lock) {
    if (!lock.acquire({.timeout = 20s}).ok()) return;
    const auto lease = lock.lease();
    const auto token = lease.token().value();
    if (lease.held()) {
      // The deadline is honest: whoever is inside then is alone.
      auto last = last_token_.load();
      while (last < token && !last_token_.compare_exchange_weak(last, token)) {
      }
      if (last >= token) ++wrong_;
      if (inside_.fetch_add(1) != 0 && lease.held()) ++wrong_;
      std::this_thread::sleep_for(1ms);
      inside_.fetch_sub(1);
      ++turns_;
    }
    static_cast<void>(lock.release());
  }

  std::atomic<bool> over_{false};
  std::atomic<long> turns_{0};
  std::atomic<long> wrong_{0};
  std::atomic<int> inside_{0};
  std::atomic<std::uint64_t> last_token_{0};
  std::vector<std::thread> threads_;
};

/// What each fault is to leave standing: a lock that is held and renewed through it, one that waits for it, and
/// a crowd that takes turns.
struct scene {
  explicit scene(const std::string& url) : first{url}, second{url}, taking_turns{url} {
    holds.lock();
    waits = std::thread{[this] {
      const auto how = waiting.acquire();
      EXPECT_TRUE(how.ok()) << how.message();
      got = how.ok() && waiting.lease().held();
    }};
    EXPECT_TRUE(eventually([&] {
      resource_view view;
      return first.inspect("k", view).ok() && view.waiters.size() == 1;
    }));
    progress();
  }
  ~scene() {
    if (waits.joinable()) waits.join();
  }
  scene(const scene&) = delete;
  scene& operator=(const scene&) = delete;

  void progress() {
    const auto before = taking_turns.turns();
    EXPECT_TRUE(eventually([&] { return taking_turns.turns() > before + 10; }));
  }
  /// The lock is still held, nobody got it beside, and who waited gets it next.
  void ends_well() {
    progress();
    EXPECT_TRUE(holds.lease().held());
    EXPECT_FALSE(got);
    EXPECT_TRUE(eventually([&] { return holds.release() != errc::outcome_unknown; }));
    waits.join();
    EXPECT_TRUE(got);
    taking_turns.end();
    EXPECT_EQ(taking_turns.wrong(), 0);
  }

  client first;
  client second;
  mutex holds{first, "k", {.ttl = 12s}};
  mutex waiting{second, "k", {.ttl = 12s}};
  std::atomic<bool> got{false};
  std::thread waits;
  crowd taking_turns;
};

TEST_F(cluster_test, the_leader_is_killed) {
  scene now{cluster().url()};
  const auto leader = cluster().leader();
  ASSERT_LT(leader, cluster().size());
  cluster().kill(leader);
  now.ends_well();
  cluster().start(leader);
  ASSERT_TRUE(cluster().await_healthy());
}

TEST_F(cluster_test, the_leader_is_stopped) {
  scene now{cluster().url()};
  const auto leader = cluster().leader();
  ASSERT_LT(leader, cluster().size());
  cluster().signal(leader, SIGSTOP);
  now.progress();
  std::this_thread::sleep_for(5s);  // Several renewals.
  EXPECT_TRUE(now.holds.lease().held());
  cluster().signal(leader, SIGCONT);
  now.ends_well();
  ASSERT_TRUE(cluster().await_healthy());
}

TEST_F(cluster_test, the_leader_is_cut_off) {
  const auto leader = cluster().leader();
  ASSERT_LT(leader, cluster().size());
  // The leader first, so that it is the one that they all begin with.
  std::vector<std::size_t> order{leader};
  for (std::size_t i = 0; i < cluster().size(); ++i)
    if (i != leader) order.push_back(i);
  scene now{cluster().url_of(order)};
  cut_off(leader);
  now.progress();
  std::this_thread::sleep_for(5s);
  EXPECT_TRUE(now.holds.lease().held());
  join_again();
  now.ends_well();
  ASSERT_TRUE(cluster().await_healthy());
}

TEST_F(cluster_test, a_holder_whose_only_member_is_cut_off_loses_in_time) {
  const auto leader = cluster().leader();
  ASSERT_LT(leader, cluster().size());
  std::vector<std::size_t> others;
  for (std::size_t i = 0; i < cluster().size(); ++i)
    if (i != leader) others.push_back(i);
  client lonely{cluster().url_of({leader})};
  client elsewhere{cluster().url_of(others)};
  mutex holds{lonely, "k", {.ttl = 4s}};
  holds.lock();
  const auto lease = holds.lease();
  std::atomic<bool> both{false};
  cut_off(leader);
  mutex waiting{elsewhere, "k", {.ttl = 4s}};
  // The old leader goes on renewing what the new one lets run out: the proof is missing, so it does not count.
  EXPECT_TRUE(waiting.acquire({.timeout = 60s}).ok());
  if (lease.held()) both = true;
  EXPECT_FALSE(both);
  EXPECT_GT(waiting.lease().token().value(), lease.token().value());
  join_again();
  EXPECT_FALSE(holds.release().ok());
  EXPECT_TRUE(waiting.lease().held());
  waiting.unlock();
  ASSERT_TRUE(cluster().await_healthy());
}

/// By the keep-alives alone: no other call has found out before.
TEST_F(cluster_test, keep_alives_go_on_with_another_member) {
  etcd::cluster where;
  for (std::size_t i = 0; i < cluster().size(); ++i) where.endpoints.push_back(cluster().endpoint(i));
  where.shown = cluster().url();
  where.connect_timeout = 5s;
  const auto with = etcd::connect(where);
  const auto soon = [] { return boot_clock::now() + 9s; };
  const auto lease = with->grant(60, soon()).lease;
  for (const int fault : {SIGKILL, SIGSTOP}) {
    const auto before = with->keep_alive(lease, soon());
    const auto member = with->route() % cluster().size();
    if (fault == SIGKILL)
      cluster().kill(member);
    else
      cluster().signal(member, fault);
    // One that is to stop may answer once more before it does.
    EXPECT_TRUE(eventually([&] {
      const auto after = with->keep_alive(lease, soon());
      return after.seconds == 60 && after.from.member != before.from.member;
    }));
    if (fault == SIGKILL)
      cluster().start(member);
    else
      cluster().signal(member, SIGCONT);
    ASSERT_TRUE(cluster().await_healthy());
  }
}

TEST_F(cluster_test, all_are_restarted) {
  scene now{cluster().url()};
  for (std::size_t i = 0; i < cluster().size(); ++i) cluster().kill(i);
  for (std::size_t i = 0; i < cluster().size(); ++i) cluster().start(i);
  ASSERT_TRUE(cluster().await_healthy());
  now.ends_well();
}

}  // namespace
}  // namespace holdfast::testing
