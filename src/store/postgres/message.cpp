#include "store/postgres/message.hpp"

#include <cstring>

namespace holdfast::postgres {
namespace {

constexpr std::int32_t type_bytes = 17;
constexpr std::int32_t type_number = 20;

template <class Number>
void put(char* into, Number value) noexcept {
  for (std::size_t i = 0; i < sizeof(Number); ++i)
    into[i] = static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * (sizeof(Number) - 1 - i)));
}

template <class Number>
void append(std::string& into, Number value) {
  std::array<char, sizeof(Number)> made{};
  put(made.data(), value);
  into.append(made.data(), made.size());
}

/// The head of an array of one dimension without NULLs.
std::string array_head(std::int32_t type, std::size_t size) {
  std::string made;
  append<std::int32_t>(made, 1);
  append<std::int32_t>(made, 0);
  append<std::int32_t>(made, type);
  append<std::int32_t>(made, static_cast<std::int32_t>(size));
  append<std::int32_t>(made, 1);
  return made;
}

}  // namespace

const int* parameters::formats() noexcept {
  static constexpr std::array<int, most> binary{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
  return binary.data();
}

parameters& parameters::add(const char* value, std::size_t size) {
  values_.at(count_) = value;
  lengths_.at(count_) = static_cast<int>(size);
  ++count_;
  size_ += size;
  return *this;
}

parameters& parameters::owner(const core::owner_id& value) {
  own_.at(count_) = sql::to_bytes(value);
  return add(own_[count_].data(), 16);
}

parameters& parameters::number(std::int64_t value) {
  put(own_.at(count_).data(), value);
  return add(own_[count_].data(), sizeof value);
}

std::string array_of_bytes(const std::vector<std::string_view>& values) {
  auto made = array_head(type_bytes, values.size());
  for (const auto value : values) {
    append(made, static_cast<std::int32_t>(value.size()));
    made.append(value);
  }
  return made;
}

std::string array_of_numbers(const std::vector<std::int64_t>& values) {
  auto made = array_head(type_number, values.size());
  for (const auto value : values) {
    append<std::int32_t>(made, sizeof value);
    append(made, value);
  }
  return made;
}

bool reply::changed() const noexcept {
  const char* const count = PQcmdTuples(result_.get());
  return count[0] != '\0' && count[0] != '0';
}

std::string_view reply::bytes(int row, int column) const noexcept {
  return {PQgetvalue(result_.get(), row, column), static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
}

std::int64_t reply::number(int row, int column) const noexcept {
  const auto raw = bytes(row, column);
  if (raw.empty() || raw.size() > sizeof(std::int64_t)) return 0;
  // The sign of the first byte is that of the number; but a boolean is one byte, 0 or 1.
  std::uint64_t value = static_cast<signed char>(raw[0]) < 0 ? ~std::uint64_t{0} : 0;
  for (const char c : raw) value = value << 8 | static_cast<unsigned char>(c);
  return static_cast<std::int64_t>(value);
}

}  // namespace holdfast::postgres
