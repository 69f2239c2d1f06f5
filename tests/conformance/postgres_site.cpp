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

#ifdef HOLDFAST_POOLED
testing::pgbouncer& pooler() {
  static testing::pgbouncer one{server()};
  return one;
}
#endif

/// A database of its own on a server of the program's; behind PgBouncer in transaction mode if HOLDFAST_POOLED.
class postgres_site final : public site {
 public:
  ~postgres_site() override { server().query("DROP DATABASE " + database_ + " WITH (FORCE)"); }

#ifdef HOLDFAST_POOLED
  std::string url() const override { return pooler().url(database_); }
#else
  std::string url() const override { return server().url(database_); }
#endif

  std::unique_ptr<core::store> open() override {
    core::store_options options;
    options.command_timeout = options.connect_timeout = std::chrono::seconds{20};
    options.time = core::system_clock();
    options.warn = [](const status& why) {
#ifdef HOLDFAST_POOLED
      EXPECT_NE(why.message().find("pooler"), std::string::npos) << why.message();
#else
      ADD_FAILURE() << "unexpected warning: " << why.message();
#endif
    };
    return opened(*holdfast_store_postgres(), url(), options);
  }

  time_point now() const override { return boot_clock::now(); }
  void pass(duration span) override { std::this_thread::sleep_for(span); }

 private:
  const std::string database_ = server().fresh_database();
};

}  // namespace

std::unique_ptr<site> make_site() { return std::make_unique<postgres_site>(); }

}  // namespace holdfast::conformance
