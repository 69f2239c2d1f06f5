#include "command_test.hpp"
#include "support/redis_server.hpp"

namespace holdfast::testing {
namespace {

class redis_site final : public command_site {
 public:
  std::string url() const override { return server_.url(); }

 private:
  redis_server server_;
};

}  // namespace

std::unique_ptr<command_site> make_command_site(const temporary_folder&) { return std::make_unique<redis_site>(); }

}  // namespace holdfast::testing
