#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/owner_id.hpp"
#include "holdfast/clock.hpp"
#include "store/mysql/connection.hpp"
#include "store/mysql/member.hpp"
#include "store/sql/row.hpp"

namespace holdfast::mysql {

/// The waiters of all clients of a process, and what is known of their turns. Decides whom to tell; does no I/O and is
/// told the time.
class waiting_list {
 public:
  struct hint {
    std::shared_ptr<member> to;
    core::owner_id owner;
  };
  /// Whom the server is asked about: all clients, and the waiters that are nearest to their turns.
  struct question {
    std::vector<core::owner_id> client_ids;
    std::vector<sql::owner_bytes> clients;
    std::vector<sql::owner_bytes> owners;
    std::uint64_t tickets = 0;  ///< As many as they should have.
  };

  [[nodiscard]] bool empty() const noexcept { return waiting_.empty(); }
  void enter(const std::shared_ptr<member>& of, const core::owner_id& owner, std::uint32_t place, time_point look_at,
             time_point now);
  void leave(const core::owner_id& owner) noexcept { waiting_.erase(owner); }
  void leave(const member& who) noexcept;
  /// The place of a waiter that looks though nothing was told to it; nothing if it was, or looks before its time.
  [[nodiscard]] std::optional<std::uint32_t> looks_by_timer(const core::owner_id& owner, time_point now) const;
  /// The place of the one nearest to its turn.
  [[nodiscard]] std::uint32_t nearest() const noexcept;

  [[nodiscard]] question ask() const;
  /// What the rows of `poll`, or of `look`, say that was asked at `now`. The names that are free though somebody waits.
  std::vector<std::string> learn(const std::vector<std::vector<cell>>& rows, bool looked, time_point now);
  /// It is the turn of `owner`, if it waits here.
  void turn(const core::owner_id& owner, time_point now);
  [[nodiscard]] bool has_hints() const noexcept { return !hints_.empty(); }
  [[nodiscard]] std::vector<hint> take_hints();

 private:
  struct entry {
    std::shared_ptr<member> of;
    std::uint32_t place = 0;
    time_point since{};
    time_point look_at{};
    time_point told = time_point::min();
    [[nodiscard]] bool untold() const noexcept { return told == time_point::min(); }
  };
  void check_tickets(const std::unordered_map<core::owner_id, std::int64_t>& counts, time_point now);

  std::unordered_map<core::owner_id, entry> waiting_;
  std::vector<hint> hints_;
};

}  // namespace holdfast::mysql
