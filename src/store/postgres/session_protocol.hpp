#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/store.hpp"
#include "store/postgres/seen_session.hpp"
#include "store/postgres/session_book.hpp"
#include "store/postgres/session_pool.hpp"

namespace holdfast::postgres {

/// The verbs of `lock=session`: an advisory lock for each lease, in a session of its own. The server queues those that
/// wait for it, and ends a session that was silent for its lease's ttl. Throws `failure`.
class session_protocol {
 public:
  session_protocol(session_pool& at, session_book& book) : at_{at}, book_{book} {}

  void check(time_point by);
  core::turn_answer acquire(const core::request& what, bool wait, time_point by);
  core::turn_answer claim(const core::request& what, time_point by);
  core::renew_answer renew(std::span<const core::lease_ref> leases, std::span<core::renew_verdict> verdicts,
                           time_point by);
  core::wait_verdict look(const core::waiter_ref& who, time_point by);
  core::release_answer release(const core::lease_ref& what, time_point by);
  core::withdraw_answer withdraw(const core::waiter_ref& what, time_point by);

  resource_view inspect(std::string_view name, time_point by);
  resource_page list(std::string_view prefix, std::string_view cursor, std::size_t limit, time_point by);
  bool break_lease(std::string_view name, std::optional<std::uint64_t> token, std::optional<core::owner_id> owner,
                   time_point by);

 private:
  /// Where a session stands.
  struct place {
    enum class kind : std::uint8_t {
      gone,       ///< There is no such session any more.
      unsettled,  ///< It does not wait yet.
      waiting,
      given,
    };
    kind is = kind::gone;
    std::uint32_t position = 0;
  };

  core::turn_answer ask_anew(session_book::grip mine, const core::request& what, bool wait, time_point by);
  bool attempt(session_tenure& mine, const core::request& what, time_point by, time_point& sent);
  void begin_to_wait(session_tenure& mine, const core::request& what, time_point by);
  std::optional<core::turn_answer> still_queued(session_tenure& mine, time_point by);
  core::turn_answer settle_in_queue(session_book::grip mine, time_point by);
  core::turn_answer keep(session_tenure& mine, const core::request& what, time_point by);
  place place_of(const connection::backend& session, time_point by);
  bool given(session_tenure& mine, time_point by);
  void leave_queue(session_tenure& mine, time_point by);
  bool wait_ended(session_tenure& mine, time_point by);
  bool free(session_tenure& mine, time_point by);
  std::vector<seen_session> look_at(const std::string_view* name, time_point by);
  reply reach(session_tenure& mine, std::string_view text, const parameters& with, time_point by);
  void start_renewal(session_tenure& mine, duration ttl, time_point by);
  bool still_asked(session_tenure& mine, time_point by);

  session_pool& at_;
  session_book& book_;
};

}  // namespace holdfast::postgres
