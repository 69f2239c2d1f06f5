#pragma once

#include <string>
#include <string_view>

#include "holdfast/options.hpp"
#include "holdfast/status.hpp"

/// What is checked of a lock before any store hears of it.
namespace holdfast::core {

inline status check_name(std::string_view name) {
  if (name.empty()) return {errc::invalid_argument, "the resource's name is empty: it must have 1 to 255 bytes"};
  if (name.size() > longest_name)
    return {errc::invalid_argument,
            "the resource's name has " + std::to_string(name.size()) + " bytes: at most 255 are allowed"};
  if (name.find('\0') != std::string_view::npos)
    return {errc::invalid_argument, "the resource's name holds a NUL byte"};
  return {};
}

inline status check_ttl(duration ttl) {
  if (ttl >= shortest_ttl && ttl <= longest_ttl) return {};
  return {errc::invalid_argument,
          "a ttl of " + std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(ttl).count()) +
              " ms is out of range: it must be at least 100 ms and at most a year"};
}

inline status check_lock(std::string_view name, const lock_options& options) {
  if (auto bad = check_name(name); !bad.ok()) return bad;
  return check_ttl(options.ttl);
}

}  // namespace holdfast::core
