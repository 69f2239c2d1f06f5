#include "run_observer.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>

#include "escape.hpp"
#include "log.hpp"

namespace holdfast::cli {

run_observer::run_observer() : lost_event_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)} {
  if (lost_event_ < 0) throw std::system_error{errno, std::generic_category(), "eventfd"};
}

run_observer::~run_observer() { ::close(lost_event_); }

void run_observer::on(const event& what) noexcept {
  if (what.kind == event_kind::lost) {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(lost_event_, &one, sizeof one);
  }
  try {
    tell(what);
  } catch (...) {
    // No memory for a line; the event itself was dealt with.
  }
}

bool run_observer::wants(event_kind kind) const noexcept {
  return kind != event_kind::acquired && kind != event_kind::released;
}

void run_observer::tell(const event& what) const {
  const std::string name = "`" + escape(what.resource) + "`";
  const std::string why = what.why.ok() ? std::string{} : ": " + what.why.message();
  switch (what.kind) {
    case event_kind::jeopardy:
      say("the lease of " + name + " is in jeopardy: half its ttl passed without a renewal" + why);
      break;
    case event_kind::recovered:
      say("the lease of " + name + " is safe again");
      break;
    case event_kind::lost:
      say("the lease of " + name + " is lost" + why);
      break;
    case event_kind::release_failed:
      say_more("the release of " + name + " is not confirmed yet" + why);
      break;
    case event_kind::store_failed:
      say_more("the store failed" + why);
      break;
    case event_kind::store_warning:
      say_more("warning" + why);
      break;
    case event_kind::acquired:
    case event_kind::released:
      break;
  }
}

}  // namespace holdfast::cli
