#include "store/etcd/server_version.hpp"

#include <array>
#include <charconv>
#include <compare>

namespace holdfast::etcd {
namespace {

struct number {
  int major = 0;
  int minor = 0;
  int patch = 0;
  auto operator<=>(const number&) const = default;
};

number number_of(std::string_view text) {
  std::array<int, 3> parts{};
  for (auto& part : parts) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), part);
    if (error != std::errc{}) break;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (!text.starts_with('.')) break;
    text.remove_prefix(1);
  }
  return {parts[0], parts[1], parts[2]};
}

struct fault {
  number mended_in_3_4;
  number mended_in_3_5;
  const char* what;
};

constexpr std::array faults{
    fault{
        {3, 4, 31}, {3, 5, 13}, "a leader that was replaced can revoke leases that are renewed, so that two may hold"},
    fault{{3, 4, 32}, {3, 5, 14}, "its revision, and with it a token, can fall when it crashes while it compacts"},
    fault{{3, 4, 25}, {3, 5, 8}, "over TLS, waiters can be told late while many reads share their connection"},
};

}  // namespace

std::string known_faults(std::string_view version) {
  const auto found = number_of(version);
  if (found == number{} || found >= number{3, 6, 0}) return {};
  const bool old = found < number{3, 5, 0};
  std::string told;
  for (const auto& [in_3_4, in_3_5, what] : faults) {
    const auto& mended = old ? in_3_4 : in_3_5;
    if (found >= mended) continue;
    told.append(told.empty() ? "" : "; ").append(what).append(" (mended in 3.");
    told.append(std::to_string(mended.minor)).append(".").append(std::to_string(mended.patch)).append(")");
  }
  return told;
}

}  // namespace holdfast::etcd
