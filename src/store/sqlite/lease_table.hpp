#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/owner_id.hpp"
#include "core/store.hpp"
#include "store/sqlite/boot_identity.hpp"
#include "store/sqlite/connection.hpp"

namespace holdfast::sqlite {

/// An owner id as its column has it: 16 bytes.
std::string to_bytes(const core::owner_id& owner);
core::owner_id from_bytes(std::string_view bytes) noexcept;

struct lease_row {
  std::optional<core::owner_id> owner;
  std::uint64_t token = 0;  ///< Of the grant on record.
  std::uint64_t last = 0;   ///< The highest given away: no later token may be as low.
  std::int64_t expires = 0;
  std::int64_t since = 0;
  bool claimed = true;
  bool queued = false;  ///< Whether there may be waiters. Never false when there are.
  std::int64_t address = 0;

  [[nodiscard]] bool held(std::int64_t now) const noexcept { return owner.has_value() && now < expires; }
  [[nodiscard]] bool of(const core::owner_id& who) const noexcept { return owner == who; }
};

/// The rows of `lease`, one statement a method; each inside the caller's transaction.
class lease_table {
 public:
  explicit lease_table(connection& where) : where_{where} {}

  /// The whole of an uncontended acquire: takes a row that is free and has no queue. The token, if so.
  std::optional<std::uint64_t> take_free(const core::request& what, const moment& at);
  /// The whole of an uncontended release. Whether it was.
  bool free_unqueued(const core::lease_ref& what, const moment& at);
  bool renew(const core::lease_ref& what, const moment& at);

  std::optional<lease_row> find(std::string_view name);
  /// Writes all but `party`, which stays if it is null. The row must be there.
  void write(std::string_view name, const lease_row& row, const std::string_view* party);
  void add(const core::request& what, const lease_row& row);
  void mark_queued(std::string_view name);
  /// Each owner that a hand-off to `address` awaits.
  void each_handed_off(std::int64_t address, const std::function<void(const core::owner_id&)>& tell);

  /// In the order of names, from after `cursor` and from `prefix` on, until `see` answers false.
  using sight = std::function<bool(std::string_view name, const lease_row& row, std::string_view party)>;
  void each(std::string_view prefix, std::string_view cursor, const sight& see);
  void one(std::string_view name, const sight& see);

 private:
  connection& where_;
  statement take_free_{
      "UPDATE lease SET owner = ?2, token = max(last + 1, ?3), last = max(last + 1, ?3) + ?4,"
      " expires = ?5, since = ?6, party = ?7 WHERE name = ?1 AND owner IS NULL AND queued = 0"};
  statement token_{"SELECT token FROM lease WHERE name = ?1"};
  statement free_unqueued_{
      "UPDATE lease SET owner = NULL, party = NULL, last = max(token, min(last, ?3))"
      " WHERE name = ?1 AND owner = ?2 AND queued = 0 AND claimed = 1 AND expires > ?4"};
  statement renew_{"UPDATE lease SET expires = ?3 WHERE name = ?1 AND owner = ?2 AND claimed = 1 AND expires > ?4"};
  statement find_{"SELECT owner, token, last, expires, since, claimed, queued, address FROM lease WHERE name = ?1"};
  statement write_{
      "UPDATE lease SET owner = ?2, token = ?3, last = ?4, expires = ?5, since = ?6, claimed = ?7,"
      " queued = ?8, address = ?9 WHERE name = ?1"};
  statement write_party_{
      "UPDATE lease SET owner = ?2, token = ?3, last = ?4, expires = ?5, since = ?6, claimed = ?7,"
      " queued = ?8, address = ?9, party = ?10 WHERE name = ?1"};
  statement add_{
      "INSERT INTO lease(name, owner, token, last, expires, since, claimed, queued, address, party)"
      " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"};
  statement mark_queued_{"UPDATE lease SET queued = 1 WHERE name = ?1"};
  statement handed_off_{"SELECT owner FROM lease WHERE claimed = 0 AND address = ?1"};
  statement each_{
      "SELECT owner, token, last, expires, since, claimed, queued, address, name, party FROM lease"
      " WHERE name >= ?1 AND name > ?2 ORDER BY name"};
  statement one_{
      "SELECT owner, token, last, expires, since, claimed, queued, address, name, party FROM lease"
      " WHERE name = ?1"};
};

}  // namespace holdfast::sqlite
