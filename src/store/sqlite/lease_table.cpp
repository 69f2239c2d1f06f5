#include "store/sqlite/lease_table.hpp"

#include <array>

namespace holdfast::sqlite {
namespace {

std::int64_t to_number(std::uint64_t value) noexcept { return static_cast<std::int64_t>(value); }

std::string_view view_of(const std::array<char, 16>& bytes) noexcept { return {bytes.data(), bytes.size()}; }

std::array<char, 16> bytes_of(const core::owner_id& owner) noexcept {
  std::array<char, 16> bytes{};
  for (std::size_t i = 0; i < 8; ++i) {
    bytes[i] = static_cast<char>(owner.high() >> (56 - 8 * i));
    bytes[8 + i] = static_cast<char>(owner.low() >> (56 - 8 * i));
  }
  return bytes;
}

lease_row read_row(query& from) {
  lease_row row;
  if (!from.null(0)) row.owner = from_bytes(from.blob(0));
  row.token = static_cast<std::uint64_t>(from.number(1));
  row.last = static_cast<std::uint64_t>(from.number(2));
  row.expires = from.number(3);
  row.since = from.number(4);
  row.claimed = from.number(5) != 0;
  row.queued = from.number(6) != 0;
  row.address = from.number(7);
  return row;
}

void bind_row(query& into, const lease_row& row, const std::array<char, 16>& owner) {
  if (row.owner) into.bind_blob(2, view_of(owner));
  into.bind(3, to_number(row.token)).bind(4, to_number(row.last)).bind(5, row.expires).bind(6, row.since);
  into.bind(7, row.claimed ? 1 : 0).bind(8, row.queued ? 1 : 0).bind(9, row.address);
}

}  // namespace

std::string to_bytes(const core::owner_id& owner) { return std::string{view_of(bytes_of(owner))}; }

core::owner_id from_bytes(std::string_view bytes) noexcept {
  if (bytes.size() != 16) return {};
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    high = high << 8 | static_cast<unsigned char>(bytes[i]);
    low = low << 8 | static_cast<unsigned char>(bytes[8 + i]);
  }
  return {high, low};
}

std::optional<std::uint64_t> lease_table::take_free(const core::request& what, const moment& at) {
  const auto owner = bytes_of(what.owner);
  query take{where_, take_free_};
  take.bind_blob(1, what.resource).bind_blob(2, view_of(owner)).bind(3, to_number(at.wall_us)).bind(4, what.reserve);
  take.bind(5, at.now + what.ttl.count()).bind(6, at.now).bind_blob(7, what.party);
  if (take.run() == 0) return std::nullopt;
  query ask{where_, token_};
  ask.bind_blob(1, what.resource);
  if (!ask.step()) return std::nullopt;
  return static_cast<std::uint64_t>(ask.number(0));
}

bool lease_table::free_unqueued(const core::lease_ref& what, const moment& at) {
  const auto owner = bytes_of(what.owner);
  query free{where_, free_unqueued_};
  free.bind_blob(1, what.resource).bind_blob(2, view_of(owner)).bind(3, to_number(what.token)).bind(4, at.now);
  return free.run() != 0;
}

bool lease_table::renew(const core::lease_ref& what, const moment& at) {
  const auto owner = bytes_of(what.owner);
  query renew{where_, renew_};
  renew.bind_blob(1, what.resource).bind_blob(2, view_of(owner)).bind(3, at.now + what.ttl.count()).bind(4, at.now);
  return renew.run() != 0;
}

std::optional<lease_row> lease_table::find(std::string_view name) {
  query find{where_, find_};
  find.bind_blob(1, name);
  if (!find.step()) return std::nullopt;
  return read_row(find);
}

void lease_table::write(std::string_view name, const lease_row& row, const std::string_view* party) {
  const auto owner = bytes_of(row.owner.value_or(core::owner_id{}));
  query write{where_, party != nullptr ? write_party_ : write_};
  write.clear().bind_blob(1, name);
  bind_row(write, row, owner);
  if (party != nullptr) write.bind_blob(10, *party);
  write.run();
}

void lease_table::add(const core::request& what, const lease_row& row) {
  const auto owner = bytes_of(row.owner.value_or(core::owner_id{}));
  query add{where_, add_};
  add.clear().bind_blob(1, what.resource).bind_blob(10, what.party);
  bind_row(add, row, owner);
  add.run();
}

void lease_table::mark_queued(std::string_view name) { query{where_, mark_queued_}.bind_blob(1, name).run(); }

void lease_table::each_handed_off(std::int64_t address, const std::function<void(const core::owner_id&)>& tell) {
  query find{where_, handed_off_};
  find.bind(1, address);
  while (find.step()) tell(from_bytes(find.blob(0)));
}

void lease_table::each(std::string_view prefix, std::string_view cursor, const sight& see) {
  query all{where_, each_};
  all.bind_blob(1, prefix).bind_blob(2, cursor);
  while (all.step() && see(all.blob(8), read_row(all), all.blob(9))) {
  }
}

void lease_table::one(std::string_view name, const sight& see) {
  query found{where_, one_};
  found.bind_blob(1, name);
  if (found.step()) see(found.blob(8), read_row(found), found.blob(9));
}

}  // namespace holdfast::sqlite
