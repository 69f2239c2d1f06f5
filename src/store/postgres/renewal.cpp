#include <algorithm>
#include <chrono>
#include <string>

#include "store/postgres/protocol.hpp"
#include "store/sql/pace.hpp"

namespace holdfast::postgres {
namespace {

/// Who keeps a row locked must not keep the others' renewals from being told: for all such rows of a batch together the
/// server waits no longer than this, nor than a quarter of the time that there is. Their leases will be tried again.
constexpr duration longest_patience = std::chrono::seconds{1};

}  // namespace

core::renew_answer protocol::renew(std::span<const core::lease_ref> leases, std::span<core::renew_verdict> verdicts,
                                   time_point by) {
  std::vector<std::string_view> names;
  std::vector<sql::owner_bytes> ids;
  std::vector<std::string_view> owners;
  std::vector<std::int64_t> ttls;
  ids.reserve(leases.size());
  for (const auto& each : leases) {
    names.push_back(each.resource);
    owners.push_back(sql::view_of(ids.emplace_back(sql::to_bytes(each.owner))));
    ttls.push_back(sql::in_us(each.ttl));
  }
  const auto name_array = array_of_bytes(names);
  const auto owner_array = array_of_bytes(owners);
  const auto ttl_array = array_of_numbers(ttls);
  parameters with;
  at_.add_bounds(with);
  with.array(name_array).array(owner_array).array(ttl_array);
  const auto answer = at_.ask_beside(at_.texts().renew, with, by);
  const auto patient_until = answer.read + std::min<duration>(longest_patience, (by - answer.read) / 4);
  core::renew_answer result{answer.sent, {}};
  for (int row = 0; row < answer.rows.rows(); ++row) {
    const auto index = static_cast<std::size_t>(answer.rows.number(row, 0)) - 1;
    if (index >= leases.size()) continue;
    if (row == 0) at_.saw_clock(answer.rows.number(row, 3), answer);
    if (answer.rows.boolean(row, 1))
      verdicts[index] = core::renew_verdict::renewed;
    else if (answer.rows.boolean(row, 2))  // Locked by somebody just then.
      verdicts[index] = renew_one(leases[index], patient_until, by, result.why);
    else
      verdicts[index] = core::renew_verdict::lost;
  }
  return result;
}

core::renew_verdict protocol::renew_one(const core::lease_ref& what, time_point patient_until, time_point by,
                                        status& why) {
  try {
    const auto patience = std::chrono::ceil<std::chrono::milliseconds>(patient_until - boot_clock::now()).count();
    const auto lock_timeout = std::to_string(std::max<std::int64_t>(patience, 1));
    parameters with;
    at_.add_bounds(with);
    with.bytes(what.resource).owner(what.owner).number(sql::in_us(what.ttl)).bytes(lock_timeout);
    const auto answer = at_.ask_beside(at_.texts().renew_one, with, by);
    return answer.rows.rows() == 1 ? core::renew_verdict::renewed : core::renew_verdict::lost;
  } catch (const failure& failed) {
    why = failed.why;
    return core::renew_verdict::unknown;
  }
}

}  // namespace holdfast::postgres
