#include <algorithm>

#include "core/party_text.hpp"
#include "store/sqlite/protocol.hpp"

/// What `inspect` and `list` show.
namespace holdfast::sqlite {
namespace {

party described(const core::owner_id& owner, std::string_view text) {
  party who;
  core::read_party_text(text, who);
  who.owner = owner.hex();
  return who;
}

duration since(std::int64_t then, const moment& at) { return duration{std::max<std::int64_t>(at.now - then, 0)}; }

}  // namespace

resource_view protocol::view(std::string_view name, const lease_row& row, std::string_view party, const moment& at) {
  resource_view made;
  made.name = name;
  if (row.held(at.now)) {
    made.holders.push_back({described(*row.owner, party), fencing_token{row.token}, since(row.since, at),
                            duration{row.expires - at.now}, row.claimed});
  }
  if (!row.queued) return made;
  waiters_.each(name, [&](const waiter_row& w) {
    made.waiters.push_back({described(w.owner, w.party), since(w.since, at), there(w, at)});
    return true;
  });
  return made;
}

resource_view protocol::inspect(std::string_view name, const moment& at) {
  resource_view made;
  made.name = name;
  leases_.one(name, [&](std::string_view found, const lease_row& row, std::string_view party) {
    made = view(found, row, party, at);
    return false;
  });
  return made;
}

resource_page protocol::list(std::string_view prefix, std::string_view cursor, std::size_t limit, const moment& at) {
  resource_page page;
  leases_.each(prefix, cursor, [&](std::string_view name, const lease_row& row, std::string_view party) {
    if (!name.starts_with(prefix)) return false;
    if (!row.queued && !row.held(at.now)) return true;
    auto made = view(name, row, party, at);
    if (made.holders.empty() && made.waiters.empty()) return true;
    if (page.resources.size() >= std::max<std::size_t>(limit, 1)) {
      page.next = page.resources.back().name;
      return false;
    }
    page.resources.push_back(std::move(made));
    return true;
  });
  return page;
}

}  // namespace holdfast::sqlite
