#include "store/etcd/layout.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <iterator>

namespace holdfast::etcd {
namespace {

constexpr std::string_view held = "holdfast=held ";
constexpr std::string_view waits = "holdfast=waits ";

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

bool all_hex(std::string_view text) { return std::all_of(text.begin(), text.end(), is_hex); }

/// As printf's %x writes a positive number of 64 bits.
bool is_lease(std::string_view text) {
  if (text.empty() || text.size() > 16 || !all_hex(text) || text.front() == '0') return false;
  return text.size() < 16 || text.front() <= '7';
}

/// `<lease>` or `<lease>-<owner>`, whatever another program calls an owner. Digests, UUIDs and the like are no places.
bool is_ticket(std::string_view text) {
  const auto dash = text.find('-');
  if (!is_lease(text.substr(0, dash))) return false;
  if (dash == std::string_view::npos) return true;
  const auto owner = text.substr(dash + 1);
  return !owner.empty() && owner.find_first_of("-/") == std::string_view::npos;
}

}  // namespace

std::string prefix_of(std::string_view resource) { return std::string{resource} + '/'; }

std::string end_of(std::string_view prefix) {
  std::string end{prefix};
  while (!end.empty() && end.back() == '\xff') end.pop_back();
  if (end.empty()) return std::string(1, '\0');
  end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  return end;
}

std::string key_of(std::string_view resource, lease_id lease) {
  char digits[16];
  const auto end = std::to_chars(std::begin(digits), std::end(digits), static_cast<std::uint64_t>(lease), 16).ptr;
  return prefix_of(resource).append(digits, end);
}

std::string key_of(std::string_view resource, lease_id lease, const core::owner_id& owner) {
  return key_of(resource, lease).append("-").append(owner.hex());
}

bool stands_in_line(std::string_view key, std::string_view prefix) {
  return key.starts_with(prefix) && is_ticket(key.substr(prefix.size()));
}

std::optional<place> parse(std::string_view key) {
  const auto slash = key.rfind('/');
  if (slash == std::string_view::npos || slash == 0) return std::nullopt;
  const place found{.resource = key.substr(0, slash), .ticket = key.substr(slash + 1)};
  return is_ticket(found.ticket) ? std::optional{found} : std::nullopt;
}

std::int64_t wall_clock_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// `holdfast=held SINCE OWNER`, or `waits`, and below that the party text.
std::string text_of(const record& what) {
  std::string text{what.claimed ? held : waits};
  return text.append(std::to_string(what.since_us))
      .append(" ")
      .append(what.owner.hex())
      .append("\n")
      .append(what.party);
}

std::optional<record> read_record(std::string_view value) {
  record found{.owner = {}, .claimed = value.starts_with(held), .since_us = 0, .party = {}};
  if (!found.claimed && !value.starts_with(waits)) return std::nullopt;
  const auto rest = value.substr(found.claimed ? held.size() : waits.size());
  const auto line = rest.substr(0, rest.find('\n'));
  const auto end = std::from_chars(line.data(), line.data() + line.size(), found.since_us).ptr;
  const auto owner = line.substr(static_cast<std::size_t>(end - line.data()));
  found.owner = core::owner_id::from_hex(owner.substr(std::min<std::size_t>(owner.size(), 1)));
  found.party = rest.substr(std::min(line.size() + 1, rest.size()));
  return found;
}

bool belongs_to(const entry& key, const core::owner_id& owner) {
  const auto told = read_record(key.value);
  return told && told->owner == owner;
}

bool is_claimed(const entry& key) {
  const auto told = read_record(key.value);
  return told && told->claimed;
}

}  // namespace holdfast::etcd
