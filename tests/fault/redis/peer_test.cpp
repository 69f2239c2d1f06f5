#include <filesystem>

#include "fixture.hpp"

/// npm's redlock and holdfast on the same names.
namespace holdfast::testing {
namespace {

class redis_peer_test : public redis_command_test {
 protected:
  /// Once for all: installs it into the build tree.
  void SetUp() override {
    const std::filesystem::path to = PEER_FOLDER;
    if (std::filesystem::exists(to / "node_modules" / "redlock" / "package.json")) return;
    std::filesystem::create_directories(to);
    std::filesystem::copy_file(std::filesystem::path{PEER_SOURCES} / "package.json", to / "package.json",
                               std::filesystem::copy_options::overwrite_existing);
    process npm{launch{.words = {"npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", to.string()}},
                folder_.path()};
    ASSERT_EQ(npm.wait(200s), 0) << "npm install redlock ioredis: " << npm.out() << npm.err();
  }
  process peer(const std::vector<std::string>& verb) {
    launch what;
    what.words = {"node", PEER_SOURCES "/peer.js", std::to_string(server().port())};
    what.words.insert(what.words.end(), verb.begin(), verb.end());
    what.environment = {{"NODE_PATH", PEER_FOLDER "/node_modules"}};
    return process{what, folder_.path()};
  }
};

TEST_F(redis_peer_test, is_kept_out_by_us) {
  process holder = start_holder("k");
  process busy = peer({"try", "k"});
  EXPECT_EQ(busy.wait(), 0) << busy.err();
  EXPECT_EQ(busy.out(), "busy\n");
  holder.signal(SIGTERM);
  holder.wait();
  process locked = peer({"try", "k"});
  EXPECT_EQ(locked.wait(), 0) << locked.err();
  EXPECT_EQ(locked.out(), "locked\n");
}

TEST_F(redis_peer_test, keeps_us_out) {
  const std::string go = folder_.file("go");
  process theirs = peer({"hold", "k", go});
  ASSERT_TRUE(eventually([&] { return theirs.out() == "locked\n" || !theirs.running(); })) << theirs.err();
  EXPECT_EQ(holdfast({"run", "-n", "k", "--", "true"}).code, 75);
  process waiter = start({"run", "k", "--", "true"});
  ASSERT_TRUE(await_waiters("k", 1));
  write_file(go, "");
  EXPECT_EQ(theirs.wait(), 0) << theirs.err();
  EXPECT_EQ(waiter.wait(), 0) << waiter.err();
}

TEST_F(redis_peer_test, counts_exactly_together_with_us) {
  const std::string counter = folder_.file("counter");
  write_file(counter, "0\n");
  const std::string loop = "i=0; while [ $i -lt 30 ]; do " + std::string{HOLDFAST_COMMAND} +
                           " run k -- sh -c 'read n < " + counter + "; echo $((n + 1)) > " + counter +
                           "' || exit 1; i=$((i + 1)); done";
  std::vector<process> all;
  for (int i = 0; i < 2; ++i) all.push_back(peer({"count", "k", counter, "30"}));
  for (int i = 0; i < 2; ++i)
    all.emplace_back(launch{.words = {"sh", "-c", loop}, .environment = {{"HOLDFAST_STORE", store_}}}, folder_.path());
  for (process& one : all) EXPECT_EQ(one.wait(200s), 0) << one.err();
  EXPECT_EQ(read_file(counter), "120\n");
}

}  // namespace
}  // namespace holdfast::testing
