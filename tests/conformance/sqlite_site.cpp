#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <thread>

#include "conformance/site.hpp"
#include "core/system_clock.hpp"

extern "C" const holdfast::core::store_module* holdfast_store_sqlite() noexcept;

namespace holdfast::conformance {

namespace {

/// A database file in a folder of its own, in real time.
class sqlite_site final : public site {
 public:
  sqlite_site() {
    auto pattern = (std::filesystem::temp_directory_path() / "holdfast-conformance-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error{"can't make a temporary folder"};
    folder_ = pattern;
  }
  ~sqlite_site() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  std::string url() const override { return "sqlite:" + (folder_ / "locks.db").string(); }

  std::unique_ptr<core::store> open() override {
    core::store_options options;
    options.command_timeout = options.connect_timeout = std::chrono::seconds{20};
    options.time = core::system_clock();
    options.warn = [](const status& why) { ADD_FAILURE() << "unexpected warning: " << why.message(); };
    return opened(*holdfast_store_sqlite(), url(), options);
  }

  time_point now() const override { return boot_clock::now(); }
  void pass(duration span) override { std::this_thread::sleep_for(span); }

 private:
  std::filesystem::path folder_;
};

}  // namespace

std::unique_ptr<site> make_site() { return std::make_unique<sqlite_site>(); }

}  // namespace holdfast::conformance
