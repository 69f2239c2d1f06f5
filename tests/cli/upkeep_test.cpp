#include "command_test.hpp"

namespace holdfast::testing {
namespace {

class upkeep_test : public command_test {};

TEST_F(upkeep_test, prints_the_schema) {
  const ended printed = holdfast({"schema"});
  EXPECT_EQ(printed.code, 0) << printed.err;
  EXPECT_NE(printed.out.find("CREATE TABLE"), std::string::npos) << printed.out;
  EXPECT_EQ(holdfast({"schema", store_}).out, printed.out);
}

TEST_F(upkeep_test, cleans_up_by_hand_and_leaves_what_is_in_use) {
  EXPECT_EQ(holdfast({"gc"}).out, "0 names forgotten\n");
  const process holder = start_holder("k");
  EXPECT_EQ(holdfast(run_shell({}, "used just now", "true")).code, 0);
  const ended cleaned = holdfast({"gc"});
  EXPECT_EQ(cleaned.code, 0) << cleaned.err;
  EXPECT_EQ(cleaned.out, "0 names forgotten\n");
  EXPECT_EQ(json_size(show("k"), "/holders"), 1);
}

TEST_F(upkeep_test, says_where_there_is_nothing_to_keep_up) {
  for (const char* const command : {"schema", "gc"}) {
    const ended refused = holdfast({command, "memory:"});
    EXPECT_EQ(refused.code, 78) << refused.err;
    EXPECT_NE(refused.err.find("memory:"), std::string::npos) << refused.err;
  }
}

}  // namespace
}  // namespace holdfast::testing
