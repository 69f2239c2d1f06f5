#include <algorithm>

#include "conformance/suite.hpp"

namespace holdfast::conformance {

namespace {

const std::vector<std::string>& odd_names() {
  static const std::vector<std::string> names{"a b",
                                              "a/b",
                                              "a}b",
                                              "{a}b",
                                              "{}",
                                              "}",
                                              "a",
                                              "A",
                                              " ",
                                              "a ",
                                              "'",
                                              "\"",
                                              "\\",
                                              "a;--",
                                              "%",
                                              "%00",
                                              "_",
                                              "*",
                                              "?",
                                              "a\nb",
                                              "\x01",
                                              "\x7f",
                                              "\xff",
                                              "\xc3\xa4\xe9\x94\x81\xf0\x9f\x94\x92",
                                              "a\xcc\x88",
                                              "\xe4",
                                              "\xc0\x80",
                                              std::string(255, '\xff'),
                                              std::string(255, 'n'),
                                              std::string(254, 'n'),
                                              "1",
                                              "01",
                                              "0x31",
                                              "null",
                                              "..",
                                              "/"};
  return names;
}

}  // namespace

TEST_F(conformance, every_name_locks_by_itself) {
  std::vector<std::pair<core::request, std::uint64_t>> held;
  for (const auto& name : odd_names()) {
    const auto what = ask(name);
    held.emplace_back(what, grant(*a_, what));
  }
  for (const auto& name : odd_names()) EXPECT_TRUE(occupied(*b_, name)) << testing::PrintToString(name);
  for (const auto& [what, token] : held) {
    EXPECT_EQ(renew(*a_, what), core::renew_verdict::renewed) << testing::PrintToString(what.resource);
    EXPECT_EQ(release(*a_, what, token), release_outcome::released) << testing::PrintToString(what.resource);
    EXPECT_FALSE(occupied(*b_, what.resource)) << testing::PrintToString(what.resource);
  }
}

TEST_F(conformance, every_name_hands_off) {
  for (const auto& name : odd_names()) {
    const auto holder = ask(name);
    const auto token = grant(*a_, holder);
    const auto next = ask(name);
    queue(*b_, next);
    EXPECT_EQ(heartbeat(*b_, next), core::wait_verdict::waiting);
    release(*a_, holder, token);
    EXPECT_GT(take_up(*b_, next), token) << testing::PrintToString(name);
  }
}

TEST_F(conformance, every_name_is_listed_as_it_is) {
  std::vector<std::string> given = odd_names();
  for (const auto& name : given) grant(*a_, ask(name));
  resource_page page;
  ASSERT_TRUE(b_->list("", "", 1000, page, by()).ok());
  std::vector<std::string> listed;
  for (const auto& each : page.resources) listed.push_back(each.name);
  std::sort(given.begin(), given.end());
  EXPECT_EQ(listed, given);
}

}  // namespace holdfast::conformance
