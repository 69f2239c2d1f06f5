#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace holdfast::sim {

/// What a command of Redis answers, and what a script makes of it. Status and bulk differ for a script.
struct value {
  enum class kind : std::uint8_t { nil, integer, bulk, status, error, array };
  kind is = kind::nil;
  std::int64_t number = 0;
  std::string text;
  std::vector<value> items;

  static value nil() { return {}; }
  static value integer(std::int64_t n) { return {.is = kind::integer, .number = n, .text = {}, .items = {}}; }
  static value bulk(std::string t) { return {.is = kind::bulk, .text = std::move(t), .items = {}}; }
  static value status(std::string t) { return {.is = kind::status, .text = std::move(t), .items = {}}; }
  static value error(std::string t) { return {.is = kind::error, .text = std::move(t), .items = {}}; }
  static value array(std::vector<value> all) { return {.is = kind::array, .text = {}, .items = std::move(all)}; }
  [[nodiscard]] bool failed() const noexcept { return is == kind::error; }
  friend bool operator==(const value&, const value&) = default;
};

}  // namespace holdfast::sim
