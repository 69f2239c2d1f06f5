#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

namespace holdfast::test {

/// Waits until `condition()` is true, at most half a minute; fails the test otherwise. Returns what it was at last.
template <class Condition>
bool eventually(Condition condition) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{30};
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= until) {
      ADD_FAILURE() << "what was waited for did not come within 30 s";
      return false;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
  return true;
}

}  // namespace holdfast::test
