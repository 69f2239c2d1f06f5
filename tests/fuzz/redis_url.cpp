// Any text as the URL of a Redis store: taken, or refused with a message that shows no control character.
#include <string>

#include "core/url.hpp"
#include "fuzz/harness.hpp"
#include "holdfast/status.hpp"
#include "store/redis/settings.hpp"

namespace holdfast::fuzz {

const std::vector<std::string_view>& corpus() {
  static const std::vector<std::string_view> all{"redis://localhost:6379/0",
                                                 "rediss://user:p%40ss@[::1]:7000/3?ca=/ca.pem&verify=full",
                                                 "unix:///run/redis.sock?db=2&user=me&password=hush",
                                                 "rediss://h?cert=/c&key=/k&server_name=n&verify=none",
                                                 "redis://:secret@h/1",
                                                 "unix:/x"};
  return all;
}
const std::vector<std::string_view>& words() {
  static const std::vector<std::string_view> all{
      "redis://", "rediss://", "unix:",   "?",   "&", "=",   "@", ":",           "/",
      "[::1]",    "db=",       "verify=", "ca=", "%", "%00", ",", "99999999999", "-1"};
  return all;
}

}  // namespace holdfast::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast;
  const std::string text{reinterpret_cast<const char*>(data), size};
  try {
    const auto where = core::url::parse(text);
    if (where.scheme != "redis" && where.scheme != "rediss" && where.scheme != "unix") return 0;
    const auto it = redis::settings::of(where);
    fuzz::require(it.database >= 0, "a database below 0");
    fuzz::require(it.hosts.empty() != it.socket.empty(), "neither host nor socket, or both");
    fuzz::require(it.socket.size() < 108, "a socket's path that is too long");
    fuzz::require(it.tls || (it.ca.empty() && it.certificate.empty()), "TLS options without TLS");
  } catch (const error& why) {
    fuzz::require(why.code() == errc::invalid_argument, "refused as something else than an invalid argument");
    for (const char c : std::string_view{why.what()})
      fuzz::require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f, "a control character in a message");
  }
  return 0;
}
