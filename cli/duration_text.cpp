#include "duration_text.hpp"

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <limits>

namespace holdfast::cli {
namespace {

struct unit {
  std::string_view name;
  std::int64_t nanoseconds;
};

constexpr unit units[] = {
    {"", 1'000'000'000},
    {"ns", 1},
    {"us", 1'000},
    {"ms", 1'000'000},
    {"s", 1'000'000'000},
    {"m", 60'000'000'000},
    {"h", 3'600'000'000'000},
    {"d", 86'400'000'000'000},
};

// `digits` (after the point) of `scale`, rounded up in the last nanosecond so that 0.0000000001s is no zero.
std::int64_t fraction_of(std::string_view digits, std::int64_t scale) noexcept {
  std::int64_t sum = 0;
  std::int64_t weight = scale;
  bool more = false;
  for (const char digit : digits) {
    // A unit's nanoseconds are no power of ten: keep the remainder in the next digit's weight by scaling down late.
    const std::int64_t part = weight * (digit - '0');
    sum += part / 10;
    more = more || part % 10 != 0 || (weight == 0 && digit != '0');
    weight /= 10;
  }
  return sum + (more ? 1 : 0);
}

}  // namespace

std::optional<duration> parse_duration(std::string_view text) noexcept {
  const std::size_t unit_at = text.find_first_not_of("0123456789.");
  std::string_view number = text.substr(0, unit_at);
  const std::string_view name = unit_at == std::string_view::npos ? std::string_view{} : text.substr(unit_at);
  const unit* found = nullptr;
  for (const unit& one : units)
    if (one.name == name) found = &one;
  if (found == nullptr) return std::nullopt;

  const std::size_t point = number.find('.');
  const std::string_view whole = number.substr(0, point);
  const std::string_view decimals = point == std::string_view::npos ? std::string_view{} : number.substr(point + 1);
  if (whole.empty() || decimals.find('.') != std::string_view::npos) return std::nullopt;
  if (point != std::string_view::npos && decimals.empty()) return std::nullopt;

  std::int64_t count = 0;
  const auto [end, fault] = std::from_chars(whole.data(), whole.data() + whole.size(), count);
  if (fault != std::errc{} || end != whole.data() + whole.size()) return std::nullopt;
  std::int64_t total = 0;
  if (__builtin_mul_overflow(count, found->nanoseconds, &total)) return std::nullopt;
  if (__builtin_add_overflow(total, fraction_of(decimals, found->nanoseconds), &total)) return std::nullopt;
  return duration{total};
}

std::string show_duration(duration span) {
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(span).count();
  const auto seconds = milliseconds / 1000;
  char text[64];
  if (milliseconds < 1000) {
    std::snprintf(text, sizeof text, "%lldms", static_cast<long long>(milliseconds));
  } else if (seconds < 60) {
    std::snprintf(text, sizeof text, "%lld.%llds", static_cast<long long>(seconds),
                  static_cast<long long>(milliseconds % 1000 / 100));
  } else if (seconds < 3600) {
    std::snprintf(text, sizeof text, "%lldm%02llds", static_cast<long long>(seconds / 60),
                  static_cast<long long>(seconds % 60));
  } else if (seconds < 86400) {
    std::snprintf(text, sizeof text, "%lldh%02lldm", static_cast<long long>(seconds / 3600),
                  static_cast<long long>(seconds % 3600 / 60));
  } else {
    std::snprintf(text, sizeof text, "%lldd%02lldh", static_cast<long long>(seconds / 86400),
                  static_cast<long long>(seconds % 86400 / 3600));
  }
  return text;
}

}  // namespace holdfast::cli
