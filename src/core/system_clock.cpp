#include "core/system_clock.hpp"

namespace holdfast::core {

namespace {

class real_clock final : public clock {
 public:
  time_point now() const noexcept override { return boot_clock::now(); }
  duration sleep_until(time_point at) const noexcept override {
    const auto present = now();
    return at > present ? at - present : duration::zero();
  }
};

}  // namespace

std::shared_ptr<const clock> system_clock() {
  // Never destroyed: threads of the library may outlive main.
  static const auto* const instance = new std::shared_ptr<const clock>{std::make_shared<const real_clock>()};
  return *instance;
}

}  // namespace holdfast::core
