#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/redis/parser.hpp"
#include "store/redis/settings.hpp"
#include "store/redis/socket.hpp"
#include "store/redis/tls.hpp"

namespace holdfast::redis {

/// A socket to the server and, where the URL asks for it, TLS over it.
class transport {
 public:
  /// Connects, and shakes hands where there is TLS (`with` is then not null). Throws `failure`.
  transport(const settings& where, const tls_context* with, time_point by);

  // For one thread, until the connection is shared; all throw `failure`.
  void send_all(std::string_view plain, time_point by);
  /// Appends what came to `plain`; false if nothing did until `until`.
  bool receive(std::string& plain, time_point until);

  [[nodiscard]] redis::socket& wire() noexcept { return *wire_; }
  [[nodiscard]] tls* secure() noexcept { return secure_.get(); }

 private:
  void flush(std::string& raw, time_point by);
  void shake_hands(time_point by);

  const std::string shown_;
  std::unique_ptr<redis::socket> wire_;
  std::unique_ptr<tls> secure_;
};

/// Sends the commands at once and waits for a reply to each. Throws `failure` when they do not all come, and for a
/// server that turns us away.
std::vector<reply> exchange(transport& with, parser& reader, std::span<const std::vector<std::string_view>> commands,
                            time_point by, const std::string& shown);

}  // namespace holdfast::redis
