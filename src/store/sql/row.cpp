#include "store/sql/row.hpp"

namespace holdfast::sql {

owner_bytes to_bytes(const core::owner_id& owner) noexcept {
  owner_bytes bytes{};
  for (std::size_t i = 0; i < 8; ++i) {
    bytes[i] = static_cast<char>(owner.high() >> (56 - 8 * i));
    bytes[8 + i] = static_cast<char>(owner.low() >> (56 - 8 * i));
  }
  return bytes;
}

core::owner_id from_bytes(std::string_view bytes) noexcept {
  if (bytes.size() != 16) return {};
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    high = high << 8 | static_cast<unsigned char>(bytes[i]);
    low = low << 8 | static_cast<unsigned char>(bytes[8 + i]);
  }
  return {high, low};
}

}  // namespace holdfast::sql
