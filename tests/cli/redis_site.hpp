#pragma once

#include "cli/command_test.hpp"
#include "support/redis_server.hpp"

namespace holdfast::testing {

/// A server of the test's own.
class redis_site final : public command_site {
 public:
  std::string url() const override { return server_.url(); }
  [[nodiscard]] redis_server& server() noexcept { return server_; }

 private:
  redis_server server_;
};

}  // namespace holdfast::testing
