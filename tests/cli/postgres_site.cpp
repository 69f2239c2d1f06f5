#include "command_test.hpp"
#include "support/postgres_server.hpp"

namespace holdfast::testing {
namespace {

postgres_server& server() {
  static postgres_server one;
  return one;
}

class postgres_site final : public command_site {
 public:
  ~postgres_site() override { server().query("DROP DATABASE " + database_ + " WITH (FORCE)"); }
  std::string url() const override { return server().url(database_); }

 private:
  const std::string database_ = server().fresh_database();
};

}  // namespace

std::unique_ptr<command_site> make_command_site(const temporary_folder&) { return std::make_unique<postgres_site>(); }

}  // namespace holdfast::testing
