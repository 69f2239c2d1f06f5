#include "holdfast/errc.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "holdfast/status.hpp"

namespace holdfast {

TEST(errc, each_has_a_message_of_its_own) {
  EXPECT_STREQ(error_category().name(), "holdfast");
  const std::string unknown = error_category().message(9999);
  std::set<std::string> messages{unknown};
  const auto last = static_cast<int>(errc::internal);
  for (int code = 1; code <= last; ++code) {
    EXPECT_FALSE(error_category().message(code).empty());
    EXPECT_TRUE(messages.insert(error_category().message(code)).second) << code;
  }
  EXPECT_EQ(error_category().message(last + 1), unknown);
}

TEST(errc, is_an_error_code) {
  const std::error_code code = errc::busy;
  EXPECT_EQ(code, errc::busy);
  EXPECT_NE(code, errc::timed_out);
  EXPECT_EQ(&code.category(), &error_category());
}

TEST(status, tells_success_from_failure) {
  const status well;
  EXPECT_TRUE(well.ok());
  EXPECT_TRUE(static_cast<bool>(well));
  EXPECT_EQ(well.message(), "");
  const status plain{errc::busy};
  EXPECT_FALSE(plain.ok());
  EXPECT_EQ(plain, errc::busy);
  EXPECT_EQ(plain.message(), error_category().message(static_cast<int>(errc::busy)));
  EXPECT_EQ(status(errc::busy, "really").message(), "really");
}

TEST(error, says_the_message_alone) {
  const error why{status{errc::unavailable, "redis://h is gone"}};
  EXPECT_STREQ(why.what(), "redis://h is gone");
  EXPECT_EQ(why.code(), errc::unavailable);
  const error copy = why;  // NOLINT(performance-unnecessary-copy-initialization): that is what is tested
  EXPECT_STREQ(copy.what(), why.what());
  try {
    throw why;
  } catch (const std::system_error& caught) {
    EXPECT_STREQ(caught.what(), "redis://h is gone");
  }
}

}  // namespace holdfast
