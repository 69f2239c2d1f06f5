#include "command_test.hpp"
#include "support/etcd_server.hpp"

namespace holdfast::testing {
namespace {

/// One cluster for all tests of the program, emptied for each.
class etcd_site final : public command_site {
 public:
  etcd_site() { server().delete_all_keys(); }
  std::string url() const override { return server().url(); }
  std::string expected_warning() const override { return "warning: " + url() + ": this is etcd 3."; }

 private:
  static etcd_cluster& server() {
    static etcd_cluster one;
    return one;
  }
};

}  // namespace

std::unique_ptr<command_site> make_command_site(const temporary_folder&) { return std::make_unique<etcd_site>(); }

}  // namespace holdfast::testing
