#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "holdfast/clock.hpp"
#include "holdfast/status.hpp"
#include "store/redis/reply.hpp"

namespace holdfast::redis {

/// A Lua script as it is embedded in the library, with the SHA-1 by which the server knows it.
struct script {
  std::string_view name;  ///< For messages.
  std::string_view text;
  std::string_view sha1;  ///< 40 hex digits.
};

/// How a call ended.
struct answer {
  enum class outcome : std::uint8_t {
    replied,   ///< `what` holds; it may be an error reply, and then `why` says it in a sentence.
    not_sent,  ///< Nothing of it can have reached the server. `why` holds.
    unknown,   ///< It may have been carried out. `why` holds.
  };
  outcome is = outcome::not_sent;
  reply what;
  status why;
  time_point sent{};             ///< Just before the attempt that was answered was written.
  std::uint64_t connection = 0;  ///< Which connection it was sent on; see channel::settled.
};

/// A connection to the server as the verbs see it: made when first needed and again when it broke, shared by threads.
class channel {
 public:
  channel() = default;
  channel(const channel&) = delete;
  channel& operator=(const channel&) = delete;
  virtual ~channel() = default;

  /// EVALSHA, and where the server has forgotten the script EVAL. Blocks until `by` at the latest. Thread-safe.
  virtual answer call(const script& what, std::span<const std::string_view> keys,
                      std::span<const std::string_view> arguments, time_point by) = 0;
  /// One plain command. Blocks until `by` at the latest. Thread-safe.
  virtual answer command(std::span<const std::string_view> words, time_point by) = 0;
  /// To be asked after a call was answered: whether everything that was sent on `connection` before that call has been
  /// carried out, or never will be. So it is if it still is the one in use (the server keeps its order), or if the server
  /// had dropped it before another was used.
  [[nodiscard]] virtual bool settled(std::uint64_t connection) const noexcept = 0;
};

}  // namespace holdfast::redis
