#include "conformance/site.hpp"
#include "store/memory/store.hpp"

namespace holdfast::conformance {

namespace {

class memory_site final : public site {
 public:
  std::string url() const override { return url_; }

  std::unique_ptr<core::store> open() override {
    core::store_options options;
    options.command_timeout = options.connect_timeout = std::chrono::seconds{5};
    options.time = clock_;
    options.warn = [](const status&) {};
    return opened(*holdfast_store_memory(), url_, options);
  }

  time_point now() const override { return clock_->now(); }
  void pass(duration span) override { clock_->advance(span); }

 private:
  const std::shared_ptr<manual_clock> clock_ = std::make_shared<manual_clock>();
  const std::string url_ = "memory:conformance-" + core::owner_id::random().hex();
  const std::unique_ptr<core::store> anchor_ = open();  ///< Keeps the place while no client is there.
};

}  // namespace

std::unique_ptr<site> make_site() { return std::make_unique<memory_site>(); }

}  // namespace holdfast::conformance
