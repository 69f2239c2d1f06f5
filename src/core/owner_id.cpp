#include "core/owner_id.hpp"

#include <sys/random.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "core/fork_generation.hpp"
#include "holdfast/status.hpp"

namespace holdfast::core {

namespace {

// 256 bytes is what getrandom gives in one uninterruptible piece; 16 ids for each system call.
struct random_buffer {
  std::array<std::uint64_t, 32> words;
  std::size_t used = 32;
  std::uint64_t generation = 0;

  void fill() {
    const auto got = ::getrandom(words.data(), sizeof words, 0);
    if (got != static_cast<ssize_t>(sizeof words))
      throw error{status{errc::internal,
                         std::string{"the system gives no random numbers: "} + std::strerror(got < 0 ? errno : EIO)}};
    used = 0;
  }

  std::uint64_t next() {
    // Used words are wiped, so that a core dump or an overread tells nothing of ids in use.
    return std::exchange(words[used++], 0);
  }
};

int digit_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

void put_hex(std::uint64_t value, char* out) noexcept {
  for (int i = 15; i >= 0; --i, value >>= 4) out[i] = "0123456789abcdef"[value & 15];
}

}  // namespace

owner_id owner_id::random() {
  // One buffer a thread: no lock that a fork could leave taken. The child of a fork inherits its thread's buffer,
  // and must not draw what the parent draws from it.
  thread_local random_buffer buffer;
  while (true) {
    const auto generation = fork_generation();
    if (buffer.used + 2 > buffer.words.size() || buffer.generation != generation) {
      buffer.generation = generation;
      buffer.fill();
    }
    const auto high = buffer.next();
    const owner_id id{high, buffer.next()};
    if (!id.nil()) return id;
  }
}

std::string owner_id::hex() const {
  std::string text(32, '0');
  put_hex(high_, text.data());
  put_hex(low_, text.data() + 16);
  return text;
}

owner_id owner_id::from_hex(std::string_view hex) noexcept {
  if (hex.size() != 32) return {};
  std::array<std::uint64_t, 2> words{};
  for (std::size_t i = 0; i < 32; ++i) {
    const int digit = digit_value(hex[i]);
    if (digit < 0) return {};
    words[i / 16] = words[i / 16] << 4 | static_cast<std::uint64_t>(digit);
  }
  return {words[0], words[1]};
}

}  // namespace holdfast::core
