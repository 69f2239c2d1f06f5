#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "holdfast/export.hpp"
#include "holdfast/held_lock.hpp"
#include "holdfast/inspection.hpp"
#include "holdfast/options.hpp"
#include "holdfast/status.hpp"

namespace holdfast {

namespace core {
class client_core;
}

/// A connection to one store, with all that keeps its locks: a keeper thread (made when first needed) renews leases and
/// tells the store that waiters live. Thread-safe. One per program and store is enough.
/// Locks made from it share ownership of its inside, so it may be destroyed before them: they go on working.
class HOLDFAST_EXPORT client {
 public:
  /// Does no I/O. Throws holdfast::error: invalid_argument for a malformed URL or an unknown scheme, misconfigured
  /// where the store's module can't be loaded.
  explicit client(std::string_view url, client_options options = {});
  client(const client&) = delete;
  client& operator=(const client&) = delete;
  client(client&&) noexcept;
  client& operator=(client&&) noexcept;
  ~client();

  /// Reaches the store, or says why it can't. Blocks up to connect_timeout + command_timeout.
  status ping() noexcept;
  /// Ends every wait (errc::closed), releases every lock and tells their leases' `lost`; blocks up to `within`, and
  /// answers `timed_out` if a release could not be confirmed by then. Every later call on its locks gives errc::closed.
  status close(duration within) noexcept;

  /// Waits for the resource and gives the lock as an object. For names known at run time. Throws holdfast::error.
  [[nodiscard]] held_lock acquire(std::string_view name, lock_options lock = {}, wait_options wait = {});
  /// As above; on failure `out` is left as it was and the status says why.
  status acquire(held_lock& out, std::string_view name, lock_options lock = {}, wait_options wait = {}) noexcept;

  /// What the store knows of one resource. Blocks up to command_timeout, like the next two.
  status inspect(std::string_view name, resource_view& view) noexcept;
  /// Resources whose names start with `prefix`, in the order of their bytes, from after `cursor` (empty: the first).
  status list(std::string_view prefix, std::string_view cursor, resource_page& page) noexcept;
  /// Ends another's turn, if its token is still the one given; else errc::not_held.
  status break_lease(std::string_view name, fencing_token token) noexcept;
  /// The same by owner id (32 hex digits, or what `inspect` tells of another program's), for holders without a token.
  status break_owner(std::string_view name, std::string_view owner) noexcept;

  /// Gives what makes the store's tables in its server, for those who apply it by hand (the store does so itself at its
  /// first use, if it may). No I/O. errc::unsupported for a store without any.
  status schema(std::string& text) noexcept;
  /// Has the store forget names that nobody has used for long, which it else does by and by in the background, and gives
  /// their number. Blocks until all names were looked at. errc::unsupported for a store that needs no cleaning.
  status clean_up(std::uint64_t& forgotten) noexcept;

  /// Whether a lock stands for its ttl when the program that has it is killed, as in most stores; else somebody else may
  /// have it at once.
  [[nodiscard]] bool locks_outlive_program() const noexcept;
  /// The store's URL with its password hidden.
  [[nodiscard]] std::string store() const;

 private:
  friend class mutex;
  std::shared_ptr<core::client_core> core_;
};

}  // namespace holdfast
