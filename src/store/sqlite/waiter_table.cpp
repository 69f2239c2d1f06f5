#include "store/sqlite/waiter_table.hpp"

#include "store/sqlite/lease_table.hpp"

namespace holdfast::sqlite {

std::optional<std::int64_t> waiter_table::ticket_of(std::string_view name, const core::owner_id& owner) {
  const auto bytes = to_bytes(owner);
  query find{where_, ticket_of_};
  find.bind_blob(1, name).bind_blob(2, bytes);
  if (!find.step()) return std::nullopt;
  return find.number(0);
}

std::uint32_t waiter_table::position(std::string_view name, std::int64_t ticket) {
  query count{where_, position_};
  count.bind_blob(1, name).bind(2, ticket);
  return count.step() ? static_cast<std::uint32_t>(count.number(0)) : 0;
}

std::int64_t waiter_table::add(const core::request& what, std::int64_t address, std::int64_t now) {
  const auto owner = to_bytes(what.owner);
  query add{where_, add_};
  add.bind_blob(1, what.resource).bind_blob(2, owner).bind(3, address).bind(4, what.reserve).bind(5, now);
  add.bind_blob(6, what.party);
  std::int64_t ticket = 0;
  while (add.step()) ticket = add.number(0);
  return ticket;
}

void waiter_table::ask_all(std::string_view name, std::int64_t now) {
  query{where_, ask_all_}.bind_blob(1, name).bind(2, now).run();
}

bool waiter_table::asked(std::string_view name, const core::owner_id& owner) {
  const auto bytes = to_bytes(owner);
  query find{where_, asked_};
  find.bind_blob(1, name).bind_blob(2, bytes);
  return find.step();
}

void waiter_table::answer(std::string_view name, const core::owner_id& owner) {
  const auto bytes = to_bytes(owner);
  query{where_, answer_}.bind_blob(1, name).bind_blob(2, bytes).run();
}

bool waiter_table::remove(std::string_view name, const core::owner_id& owner) {
  const auto bytes = to_bytes(owner);
  return query{where_, remove_}.bind_blob(1, name).bind_blob(2, bytes).run() != 0;
}

void waiter_table::remove_up_to(std::string_view name, std::int64_t ticket) {
  query{where_, remove_up_to_}.bind_blob(1, name).bind(2, ticket).run();
}

void waiter_table::each(std::string_view name, const std::function<bool(const waiter_row&)>& see) {
  query all{where_, each_};
  all.bind_blob(1, name);
  waiter_row row;
  while (all.step()) {
    row.ticket = all.number(0);
    row.owner = from_bytes(all.blob(1));
    row.address = all.number(2);
    row.reserve = static_cast<std::uint32_t>(all.number(3));
    row.since = all.number(4);
    row.asked = all.number(5);
    row.party = all.blob(6);
    if (!see(row)) return;
  }
}

}  // namespace holdfast::sqlite
