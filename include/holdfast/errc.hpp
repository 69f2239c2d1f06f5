#pragma once

#include <system_error>

#include "holdfast/export.hpp"

namespace holdfast {

/// What a call can end with. 0 (success) is no enumerator, as with std::errc.
enum class errc {
  busy = 1,         ///< Somebody else holds the resource (or waits for it), and the caller did not want to wait.
  timed_out,        ///< The wait's timeout passed first. The request has left the queue.
  cancelled,        ///< The wait's stop_token was stopped. The request has left the queue.
  not_held,         ///< The lease is not held, or no longer: it ran out, was broken, never was; or a place in the line.
  unavailable,      ///< The store can't be reached, or did not answer within the command timeout.
  outcome_unknown,  ///< The store's answer was lost: what was asked may or may not have been done.
  not_authorised,   ///< The store refused the credentials, or the right to do this is missing.
  misconfigured,  ///< The store is there but can't serve as one: not a database, a network file system, read-only, ...
  unsupported,    ///< This store can't do what was asked.
  invalid_argument,  ///< A bad URL, name, ttl or option. The message names it.
  wrong_kind,        ///< The name is in use as another kind of lock.
  closed,            ///< The client was closed.
  forked,            ///< The object belongs to the process that forked this one.
  internal,          ///< A fault of holdfast itself.
};

/// The category of holdfast's error codes, named "holdfast".
HOLDFAST_EXPORT const std::error_category& error_category() noexcept;

HOLDFAST_EXPORT std::error_code make_error_code(errc code) noexcept;

}  // namespace holdfast

template <>
struct std::is_error_code_enum<holdfast::errc> : std::true_type {};
