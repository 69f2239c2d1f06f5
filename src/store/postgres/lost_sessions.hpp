#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <string_view>
#include <vector>

#include "core/owner_id.hpp"
#include "store/postgres/connection.hpp"

namespace holdfast::postgres {

/// $1 process, $2 when its session had begun -> whether it is gone. Waits a second for it.
inline constexpr std::string_view end_session_text =
    "SELECT coalesce((SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity WHERE pid = $1::bigint"
    " AND backend_start <= to_timestamp($2::bigint / 1000000.0)), true)";

/// The sessions on which the answer to an acquire was lost: while one lives, the acquire may still be carried out.
/// Thread-safe.
class lost_sessions {
 public:
  void add(const core::owner_id& owner, const connection& on, time_point forget_at);
  [[nodiscard]] std::vector<connection::backend> of(const core::owner_id& owner);
  void forget(const core::owner_id& owner);
  /// For the usual case, at no cost.
  [[nodiscard]] bool none() const noexcept { return none_.load(std::memory_order_relaxed); }

 private:
  struct entry {
    connection::backend session;
    time_point forget_at;
  };
  std::atomic<bool> none_{true};
  std::mutex mutex_;
  std::multimap<core::owner_id, entry> lost_;
};

}  // namespace holdfast::postgres
