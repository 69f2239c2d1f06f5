#pragma once

#include <libpq-fe.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "store/sql/row.hpp"

/// What goes to the server and comes from it, in the binary formats of PostgreSQL's types.
namespace holdfast::postgres {

/// A statement with parameters. One that a connection uses again is prepared there.
struct statement {
  std::size_t id = 0;
  std::string text;
  bool brief = false;  ///< The answer is much shorter than 32 kB, whatever is asked.
};

/// The values of a statement's parameters, in their order. Bytes must outlive it.
class parameters {
 public:
  static constexpr std::size_t most = 12;

  parameters() = default;
  parameters(const parameters&) = delete;
  parameters& operator=(const parameters&) = delete;

  /// Never NULL, also where `value` is without a place.
  parameters& bytes(std::string_view value) { return add(value.empty() ? "" : value.data(), value.size()); }
  parameters& owner(const core::owner_id& value);
  /// A bigint.
  parameters& number(std::int64_t value);
  parameters& null() { return add(nullptr, 0); }
  /// bytea[] and bigint[], as made by array_of_*.
  parameters& array(const std::string& made) { return bytes(made); }

  /// Bytes of all values.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] int count() const noexcept { return static_cast<int>(count_); }
  [[nodiscard]] const char* const* values() const noexcept { return values_.data(); }
  [[nodiscard]] const int* lengths() const noexcept { return lengths_.data(); }
  /// All are binary.
  [[nodiscard]] static const int* formats() noexcept;

 private:
  parameters& add(const char* value, std::size_t size);

  std::array<const char*, most> values_{};
  std::array<int, most> lengths_{};
  std::array<std::array<char, 16>, most> own_{};
  std::size_t count_ = 0;
  std::size_t size_ = 0;
};

std::string array_of_bytes(const std::vector<std::string_view>& values);
std::string array_of_numbers(const std::vector<std::int64_t>& values);

/// The rows that came back.
class reply {
 public:
  explicit reply(PGresult* from) noexcept : result_{from} {}

  [[nodiscard]] int rows() const noexcept { return PQntuples(result_.get()); }
  /// Of a statement that returns none: whether it changed any.
  [[nodiscard]] bool changed() const noexcept;
  [[nodiscard]] bool null(int row, int column) const noexcept { return PQgetisnull(result_.get(), row, column) != 0; }
  [[nodiscard]] std::string_view bytes(int row, int column) const noexcept;
  /// Of an int, bigint or boolean.
  [[nodiscard]] std::int64_t number(int row, int column) const noexcept;
  [[nodiscard]] bool boolean(int row, int column) const noexcept { return number(row, column) != 0; }

 private:
  struct clear {
    void operator()(PGresult* result) const noexcept { PQclear(result); }
  };
  std::unique_ptr<PGresult, clear> result_;
};

}  // namespace holdfast::postgres
