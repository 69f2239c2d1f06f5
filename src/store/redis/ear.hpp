#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "holdfast/clock.hpp"
#include "holdfast/status.hpp"

namespace holdfast::redis {

/// Hears what is published on one channel, on a connection and a thread of its own. Ends with the object.
class ear {
 public:
  ear() = default;
  ear(const ear&) = delete;
  ear& operator=(const ear&) = delete;
  /// May run on its own thread.
  virtual ~ear() = default;
  /// Begins to listen, if need be, and waits until what is published from now on is heard. Thread-safe.
  virtual status ready(time_point by) = 0;
};

struct ear_callbacks {
  std::function<void(std::string_view message)> heard;
  std::function<void()> missed;  ///< Something may have been published meanwhile that was not heard.
};

using make_ear = std::function<std::unique_ptr<ear>(std::string channel, ear_callbacks tell)>;

}  // namespace holdfast::redis
