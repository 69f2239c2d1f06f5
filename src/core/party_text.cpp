#include "core/party_text.hpp"

#include <fcntl.h>
#include <pwd.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <charconv>
#include <cstdint>

#include "core/fork_generation.hpp"
#include "core/shown_url.hpp"

namespace holdfast::core {

namespace {

constexpr std::size_t longest_value = 256;

/// At most `longest_value` bytes of it, never ending within a UTF-8 sequence.
std::string_view cut(std::string_view text) {
  if (text.size() <= longest_value) return text;
  auto end = longest_value;
  while (end > longest_value - 4 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end);
}

/// One line `key=value`; what would end the line (or the text, for C interfaces) is escaped.
void put(std::string& text, std::string_view key, std::string_view value) {
  if (value.empty()) return;
  text.append(key).push_back('=');
  for (const char c : cut(value)) {
    switch (c) {
      case '\\':
        text += "\\\\";
        break;
      case '\n':
        text += "\\n";
        break;
      case '\0':
        text += "\\0";
        break;
      default:
        text.push_back(c);
    }
  }
  text.push_back('\n');
}

std::string unescape(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      plain.push_back(text[i]);
      continue;
    }
    const char c = text[++i];
    plain.push_back(c == 'n' ? '\n' : c == '0' ? '\0' : c);
  }
  return plain;
}

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? std::string{name.data()} : std::string{};
}

std::string user_name() {
  std::array<char, 4096> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  const auto uid = ::geteuid();
  if (::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) return found->pw_name;
  return std::to_string(uid);
}

std::string command_line() {
  const int file = ::open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
  if (file < 0) return {};
  std::array<char, 2 * longest_value> buffer{};
  const auto got = ::read(file, buffer.data(), buffer.size());
  ::close(file);
  std::string text = shown_command({buffer.data(), got > 0 ? static_cast<std::size_t>(got) : 0});
  while (!text.empty() && text.back() == '\0') text.pop_back();
  for (char& c : text)
    if (c == '\0') c = ' ';
  return text;
}

struct own_text {
  std::uint64_t generation;
  std::string text;
  const own_text* older;  ///< Of the process that forked this one: it may still be read there and is never freed.
};

const std::string& own_lines() {
  // No lock: a fork could leave it taken for ever in the child.
  static std::atomic<const own_text*> current{nullptr};
  const auto generation = fork_generation();
  const own_text* known = current.load(std::memory_order_acquire);
  if (known != nullptr && known->generation == generation) return known->text;
  auto* made = new own_text{generation, {}, known};
  put(made->text, "host", host_name());
  put(made->text, "pid", std::to_string(::getpid()));
  put(made->text, "user", user_name());
  put(made->text, "command", command_line());
  if (current.compare_exchange_strong(known, made, std::memory_order_acq_rel)) return made->text;
  delete made;
  return known
      ->text;  // Another thread was faster; a fork can't have come between, for it would have ended this thread.
}

}  // namespace

std::string own_party_text(std::string_view note) {
  std::string text = own_lines();
  put(text, "note", note);
  return text;
}

void read_party_text(std::string_view text, party& who) {
  while (!text.empty()) {
    const auto end = text.find('\n');
    const auto line = text.substr(0, end);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    const auto equals = line.find('=');
    if (equals == line.npos) continue;
    const auto key = line.substr(0, equals);
    auto value = unescape(line.substr(equals + 1));
    if (key == "host")
      who.host = std::move(value);
    else if (key == "user")
      who.user = std::move(value);
    else if (key == "command")
      who.command = std::move(value);
    else if (key == "note")
      who.note = std::move(value);
    else if (key == "pid") {
      std::int64_t pid = 0;
      const auto* const last = value.data() + value.size();
      if (const auto [stop, bad] = std::from_chars(value.data(), last, pid);
          bad == std::errc{} && stop == last && pid > 0)
        who.pid = pid;
    }
  }
}

}  // namespace holdfast::core
