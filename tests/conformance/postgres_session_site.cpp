#include <gtest/gtest.h>

#include <thread>

#include "conformance/site.hpp"
#include "core/system_clock.hpp"
#include "support/postgres_server.hpp"

extern "C" const holdfast::core::store_module* holdfast_store_postgres() noexcept;

namespace holdfast::conformance {

namespace {

testing::postgres_server& server() {
  static testing::postgres_server one;
  return one;
}

/// Advisory locks in a database of its own on a server of the program's.
class postgres_session_site final : public site {
 public:
  ~postgres_session_site() override { server().query("DROP DATABASE " + database_ + " WITH (FORCE)"); }

  std::string url() const override { return server().url(database_, "lock=session&pool=300"); }

  std::unique_ptr<core::store> open() override {
    core::store_options options;
    options.command_timeout = options.connect_timeout = std::chrono::seconds{20};
    options.time = core::system_clock();
    options.warn = [](const status& why) { ADD_FAILURE() << "unexpected warning: " << why.message(); };
    return opened(*holdfast_store_postgres(), url(), options);
  }

  time_point now() const override { return boot_clock::now(); }
  void pass(duration span) override { std::this_thread::sleep_for(span); }
  /// A session has to end, and the server to pass its lock on.
  duration lateness() const override { return std::chrono::milliseconds{200}; }
  bool outlives_clients() const override { return false; }
  /// A connection for each.
  int crowd() const override { return 100; }

 private:
  const std::string database_ = server().fresh_database();
};

}  // namespace

std::unique_ptr<site> make_site() { return std::make_unique<postgres_session_site>(); }

}  // namespace holdfast::conformance
