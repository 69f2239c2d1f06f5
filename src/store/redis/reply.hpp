#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace holdfast::redis {

/// One reply of the server (RESP2), as a value.
struct reply {
  enum class kind : std::uint8_t { nil, integer, text, array, error };
  kind is = kind::nil;
  std::int64_t number = 0;   ///< integer
  std::string text;          ///< text (bulk or status), error
  std::vector<reply> items;  ///< array
};

}  // namespace holdfast::redis
