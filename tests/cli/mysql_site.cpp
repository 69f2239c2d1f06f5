#include "command_test.hpp"
#include "support/mariadb_server.hpp"

namespace holdfast::testing {
namespace {

class mysql_site final : public command_site {
 public:
  std::string url() const override { return url_; }

 private:
  // Without a password: what is told of the store is its URL as it was given.
  const std::string url_ = shared_mariadb().open_url(fresh_database());
};

}  // namespace

std::unique_ptr<command_site> make_command_site(const temporary_folder&) { return std::make_unique<mysql_site>(); }

}  // namespace holdfast::testing
