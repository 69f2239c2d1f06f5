#include "core/store.hpp"

namespace holdfast::core {

store::~store() = default;

void store::on_loss(loss_callback) {}

status store::schema(std::string&) const { return {errc::unsupported, "this store has no schema to apply"}; }

status store::clean_up(std::string&, std::uint64_t&, time_point) {
  return {errc::unsupported, "this store keeps nothing that would need cleaning up"};
}

}  // namespace holdfast::core
