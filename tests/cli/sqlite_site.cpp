#include "command_test.hpp"

namespace holdfast::testing {
namespace {

class sqlite_site final : public command_site {
 public:
  explicit sqlite_site(std::string path) : path_{std::move(path)} {}
  std::string url() const override { return "sqlite:" + path_; }

 private:
  std::string path_;
};

}  // namespace

std::unique_ptr<command_site> make_command_site(const temporary_folder& folder) {
  return std::make_unique<sqlite_site>(folder.file("locks.db"));
}

}  // namespace holdfast::testing
