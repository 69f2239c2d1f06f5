#pragma once

#include <gmock/gmock.h>

#include <chrono>
#include <string>
#include <vector>

#include "cli/redis_site.hpp"
#include "support/history.hpp"

namespace holdfast::testing {

using namespace std::chrono_literals;
using std::chrono::steady_clock;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// The command against a Redis of the test's own.
class redis_command_test : public command_test {
 protected:
  redis_server& server() { return static_cast<redis_site&>(*site_).server(); }
  std::string cli(const std::vector<std::string>& command) { return server().cli(command); }
  std::string token_of(const std::string& name) { return json_at(show(name), "/holders/0/token"); }
  bool is_free(const std::string& name) { return json_size(show(name), "/holders") == 0; }
};

}  // namespace holdfast::testing
