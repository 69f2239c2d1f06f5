#include "holdfast/observer.hpp"

namespace holdfast {

observer::~observer() = default;

bool observer::wants(event_kind) const noexcept { return true; }

}  // namespace holdfast
