#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "core/store.hpp"
#include "store/sqlite/boot_identity.hpp"
#include "store/sqlite/clean_up.hpp"
#include "store/sqlite/connection.hpp"
#include "store/sqlite/lease_table.hpp"
#include "store/sqlite/waiter_table.hpp"

namespace holdfast::sqlite {

/// How the processes that wait are reached; wake_file in earnest.
struct neighbours {
  /// Where this store is told of its waiters' turns.
  std::function<std::int64_t()> own_address;
  std::function<bool(std::int64_t address)> alive;
};

inline constexpr duration claim_window = std::chrono::seconds{2};

/// What each verb does to the tables. Every method runs inside one transaction of the caller's (BEGIN IMMEDIATE, but
/// for those that say `read`), so each is one atomic step; `at` is an instant within it.
class protocol {
 public:
  protocol(connection& where, neighbours others)
      : leases_{where}, waiters_{where}, clean_{where}, others_{std::move(others)} {}

  core::turn_answer acquire(const core::request& what, bool wait, const moment& at);
  core::turn_answer claim(const core::request& what, const moment& at);
  core::renew_verdict renew(const core::lease_ref& what, const moment& at);
  core::release_answer release(const core::lease_ref& what, const moment& at);
  void withdraw(const core::waiter_ref& what, const moment& at);
  /// errc::not_held if there is no such lease.
  errc break_lease(std::string_view name, std::optional<std::uint64_t> token, std::optional<core::owner_id> owner,
                   const moment& at);
  /// Notes that the waiter lives. For all of a batch before the first `heartbeat`, so that none passes over another.
  void hear_of(const core::waiter_ref& what) { waiters_.answer(what.resource, what.owner); }
  core::wait_verdict heartbeat(const core::waiter_ref& what, const moment& at);

  /// Read: the verdict, if heartbeat would change nothing.
  std::optional<core::wait_verdict> glance(const core::waiter_ref& what, const moment& at);
  /// Read. An absent resource has neither holders nor waiters.
  resource_view inspect(std::string_view name, const moment& at);
  resource_page list(std::string_view prefix, std::string_view cursor, std::size_t limit, const moment& at);

  lease_table& leases() noexcept { return leases_; }
  clean_up& cleaner() noexcept { return clean_; }
  /// The addresses to wake once the transaction is committed.
  std::vector<std::int64_t>& wakes() noexcept { return wakes_; }

 private:
  [[nodiscard]] bool there(const waiter_row& who, const moment& at) const;
  void hand_on(std::string_view name, lease_row& row, const moment& at);
  bool set_free(std::string_view name, lease_row& row, std::uint64_t used_up_to, const moment& at);
  core::turn_answer take_up(const core::request& what, lease_row& row, const moment& at);
  core::turn_answer grant_new(const core::request& what, const moment& at);
  core::turn_answer place(const core::request& what, const lease_row& row, std::int64_t ticket, const moment& at);
  resource_view view(std::string_view name, const lease_row& row, std::string_view party, const moment& at);

  lease_table leases_;
  waiter_table waiters_;
  clean_up clean_;
  neighbours others_;
  std::vector<std::int64_t> wakes_;
};

}  // namespace holdfast::sqlite
