#include "etcd_site.hpp"

#include "command_test.hpp"

namespace holdfast::testing {
namespace {

/// Emptied for each test.
class etcd_site final : public command_site {
 public:
  etcd_site() { etcd_server().delete_all_keys(); }
  std::string url() const override { return etcd_server().url(); }
  std::string expected_warning() const override { return "warning: " + url() + ": this is etcd 3."; }
};

}  // namespace

etcd_cluster& etcd_server() {
  static etcd_cluster one;
  return one;
}

std::unique_ptr<command_site> make_command_site(const temporary_folder&) { return std::make_unique<etcd_site>(); }

}  // namespace holdfast::testing
