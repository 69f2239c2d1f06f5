#include "support/history.hpp"

#include <gtest/gtest.h>

namespace holdfast::testing {
namespace {

TEST(history, a_sound_one_has_no_faults) {
  EXPECT_TRUE(faults_of({}).empty());
  EXPECT_TRUE(faults_of({{"k", 2, 20, 30}, {"k", 1, 10, 20}, {"other", 1, 12, 25}}).empty());
}

TEST(history, tells_what_is_wrong) {
  EXPECT_EQ(faults_of({{"k", 1, 10, 20}, {"k", 2, 19, 30}}).size(), 1U);
  EXPECT_EQ(faults_of({{"k", 2, 10, 20}, {"k", 1, 20, 30}}).size(), 1U);
  EXPECT_EQ(faults_of({{"k", 1, 10, 20}, {"k", 1, 20, 30}}).size(), 1U);
}

}  // namespace
}  // namespace holdfast::testing
