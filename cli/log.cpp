#include "log.hpp"

#include <unistd.h>

#include <atomic>
#include <string>

#include "escape.hpp"

namespace holdfast::cli {
namespace {

// A plain write(2) instead of a logging library: the command runs for a millisecond or two, and loading one takes as
// long as all the rest.
std::atomic<bool> verbose_{false};

}  // namespace

void say(std::string_view line) noexcept {
  try {
    const std::string text = "holdfast: " + one_line(line) + "\n";
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
  } catch (...) {
    // Without memory for a line there is nothing better to do than to go on without it.
  }
}

void say_more(std::string_view line) noexcept {
  if (verbose()) say(line);
}

void be_verbose(bool on) noexcept { verbose_.store(on, std::memory_order_relaxed); }

bool verbose() noexcept { return verbose_.load(std::memory_order_relaxed); }

}  // namespace holdfast::cli
