#include "store/sqlite/boot_identity.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <chrono>

#include "store/sqlite/errors.hpp"

namespace holdfast::sqlite {
namespace {

std::string read_small_file(const char* path) {
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  std::array<char, 512> buffer{};
  const auto n = ::read(fd, buffer.data(), buffer.size());
  ::close(fd);
  return n > 0 ? std::string(buffer.data(), static_cast<std::size_t>(n)) : std::string{};
}

std::string read_link(const char* path) {
  std::array<char, 128> buffer{};
  const auto n = ::readlink(path, buffer.data(), buffer.size());
  return n > 0 ? std::string(buffer.data(), static_cast<std::size_t>(n)) : std::string{};
}

std::uint64_t wall_clock_us() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(since).count();
  return us > 0 ? static_cast<std::uint64_t>(us) : 0;
}

std::optional<std::int64_t> take_number(std::string_view& text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  std::int64_t value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

}  // namespace

moment look(const machine& where) {
  moment at;
  at.sent = boot_clock::now();
  at.now = (at.sent.time_since_epoch() - where.offset).count();
  at.wall_us = where.wall_us();
  return at;
}

std::optional<duration> parse_boottime_offset(std::string_view text) {
  // Lines of `clock seconds nanoseconds`; the nanoseconds are never negative.
  constexpr std::string_view clock_name = "boottime";
  while (!text.empty()) {
    auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (!line.starts_with(clock_name)) continue;
    line.remove_prefix(clock_name.size());
    const auto seconds = take_number(line);
    const auto nanoseconds = take_number(line);
    if (!seconds || !nanoseconds) return std::nullopt;
    return std::chrono::seconds{*seconds} + std::chrono::nanoseconds{*nanoseconds};
  }
  return std::nullopt;
}

machine this_machine(const std::string& shown) {
  machine found;
  found.wall_us = wall_clock_us;
  found.boot_id = read_small_file("/proc/sys/kernel/random/boot_id");
  while (!found.boot_id.empty() && found.boot_id.back() == '\n') found.boot_id.pop_back();
  if (found.boot_id.empty()) {
    throw failure{{errc::misconfigured,
                   shown + ": /proc/sys/kernel/random/boot_id can't be read, and leases are timed by the boot; "
                           "mount /proc"}};
  }
  // A kernel without time namespaces has no such file, and no offset. The file tells of the children's namespace.
  if (const auto text = read_small_file("/proc/self/timens_offsets"); !text.empty()) {
    found.offset = parse_boottime_offset(text).value_or(duration{});
    if (read_link("/proc/self/ns/time") != read_link("/proc/self/ns/time_for_children")) {
      throw failure{{errc::misconfigured,
                     shown + ": this process unshared its time namespace without entering the new one, so its clock "
                             "can't be compared with that of others; fork first"}};
    }
  }
  return found;
}

}  // namespace holdfast::sqlite
