#include "store/sql/view.hpp"

#include <algorithm>
#include <chrono>

#include "core/party_text.hpp"
#include "store/sql/pace.hpp"

namespace holdfast::sql {
namespace {

party described(const core::owner_id& owner, std::string_view text) {
  party who;
  core::read_party_text(text, who);
  who.owner = owner.hex();
  return who;
}

duration span(std::int64_t from, std::int64_t to) {
  return std::chrono::microseconds{std::max<std::int64_t>(to - from, 0)};
}

}  // namespace

resource_view view_of(const lease_row& row, std::span<const waiter_row> queue, std::int64_t now_us) {
  resource_view made;
  made.name = row.name;
  if (row.owner && now_us < row.expires) {
    made.holders.push_back({described(*row.owner, row.party), fencing_token{row.token}, span(row.since, now_us),
                            span(now_us, row.expires), row.claimed});
  }
  for (const auto& each : queue) {
    if (each.seen + in_us(forget_after) <= now_us) continue;
    made.waiters.push_back(
        {described(each.owner, each.party), span(each.since, now_us), now_us < each.seen + in_us(stale_after)});
  }
  return made;
}

std::string above(std::string_view prefix) {
  std::string made{prefix};
  while (!made.empty() && made.back() == '\xff') made.pop_back();
  if (!made.empty()) made.back() = static_cast<char>(static_cast<unsigned char>(made.back()) + 1);
  return made;
}

}  // namespace holdfast::sql
