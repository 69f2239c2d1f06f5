#include <gtest/gtest.h>

#include <thread>

#include "conformance/site.hpp"
#include "core/system_clock.hpp"
#include "store/mysql/store.hpp"
#include "support/mariadb_server.hpp"

namespace holdfast::conformance {

namespace {

/// A database of its own on the program's server, in real time.
class mysql_site final : public site {
 public:
  std::string url() const override { return url_; }

  std::unique_ptr<core::store> open() override {
    core::store_options options;
    options.command_timeout = options.connect_timeout = std::chrono::seconds{20};
    options.time = core::system_clock();
    options.warn = [](const status& why) { ADD_FAILURE() << "unexpected warning: " << why.message(); };
    return opened(*holdfast_store_mysql(), url(), options);
  }

  time_point now() const override { return boot_clock::now(); }
  void pass(duration span) override { std::this_thread::sleep_for(span); }

 private:
  const std::string url_ = testing::shared_mariadb().url(testing::fresh_database());
};

}  // namespace

std::unique_ptr<site> make_site() { return std::make_unique<mysql_site>(); }

}  // namespace holdfast::conformance
