#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/store.hpp"
#include "store/sqlite/connection.hpp"

namespace holdfast::sqlite {

struct waiter_row {
  std::int64_t ticket = 0;
  core::owner_id owner;
  std::int64_t address = 0;
  std::uint32_t reserve = 0;
  std::int64_t since = 0;
  std::int64_t asked = 0;  ///< When it was asked for a sign of life that it has not given yet; 0: it was not.
  std::string party;
};

/// The queues; each method inside the caller's transaction.
class waiter_table {
 public:
  explicit waiter_table(connection& where) : where_{where} {}

  /// The ticket of `owner`, if it waits for `name`.
  std::optional<std::int64_t> ticket_of(std::string_view name, const core::owner_id& owner);
  /// Asks all that wait for `name` for a sign of life.
  void ask_all(std::string_view name, std::int64_t now);
  [[nodiscard]] bool asked(std::string_view name, const core::owner_id& owner);
  /// `owner` gives its sign of life.
  void answer(std::string_view name, const core::owner_id& owner);
  /// How many stand before this ticket.
  std::uint32_t position(std::string_view name, std::int64_t ticket);
  std::int64_t add(const core::request& what, std::int64_t address, std::int64_t now);
  bool remove(std::string_view name, const core::owner_id& owner);
  /// Removes all with tickets up to this one.
  void remove_up_to(std::string_view name, std::int64_t ticket);
  /// In their order, until `see` answers false.
  void each(std::string_view name, const std::function<bool(const waiter_row&)>& see);

 private:
  connection& where_;
  statement ticket_of_{"SELECT ticket FROM waiter WHERE owner = ?2 AND name = ?1"};
  statement position_{"SELECT count(*) FROM waiter WHERE name = ?1 AND ticket < ?2"};
  // A new rowid is higher than all there are.
  statement add_{
      "INSERT INTO waiter(name, owner, address, reserve, since, party) VALUES(?1, ?2, ?3, ?4, ?5, ?6)"
      " RETURNING ticket"};
  statement ask_all_{"UPDATE waiter SET asked = ?2 WHERE name = ?1 AND asked = 0"};
  statement asked_{"SELECT 1 FROM waiter WHERE owner = ?2 AND name = ?1 AND asked <> 0"};
  statement answer_{"UPDATE waiter SET asked = 0 WHERE owner = ?2 AND name = ?1 AND asked <> 0"};
  statement remove_{"DELETE FROM waiter WHERE owner = ?2 AND name = ?1"};
  statement remove_up_to_{"DELETE FROM waiter WHERE name = ?1 AND ticket <= ?2"};
  statement each_{
      "SELECT ticket, owner, address, reserve, since, asked, party FROM waiter WHERE name = ?1 ORDER BY ticket"};
};

}  // namespace holdfast::sqlite
