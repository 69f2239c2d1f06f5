#include "command_test.hpp"

namespace holdfast::testing {
namespace {

// Under a sanitizer every process takes many times as long to start.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int rounds = 40;
#else
constexpr int rounds = 200;
#endif
constexpr int processes = 8;

class contention_test : public command_test {};

TEST_F(contention_test, counts_exactly) {
  const std::string counter = folder_.file("counter");
  write_file(counter, "0\n");
  const std::string step = "read n < " + counter + "; echo $((n + 1)) > " + counter;
  const std::string loop = "i=0; while [ $i -lt " + std::to_string(rounds) + " ]; do " + HOLDFAST_COMMAND +
                           " run counter -- sh -c '" + step + "' || exit 1; i=$((i + 1)); done";
  std::vector<process> all;
  for (int i = 0; i < processes; ++i)
    all.emplace_back(launch{.words = {"sh", "-c", loop}, .environment = {{"HOLDFAST_STORE", store_}}}, folder_.path());
  for (process& one : all) EXPECT_EQ(one.wait(std::chrono::seconds{400}), 0) << one.err();
  EXPECT_EQ(read_file(counter), std::to_string(processes * rounds) + "\n");
}

}  // namespace
}  // namespace holdfast::testing
