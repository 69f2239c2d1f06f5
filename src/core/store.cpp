#include "core/store.hpp"

namespace holdfast::core {

store::~store() = default;

}  // namespace holdfast::core
