#include "store/redis/renewal.hpp"

#include <unordered_map>

namespace holdfast::redis {

namespace {

/// Records outlive many renewals of a lease, so one in that many sees to it that its record is kept on.
constexpr std::uint64_t keep_one_in = 16;

}  // namespace

renewal::renewal(std::span<const core::lease_ref> leases) : words_{64 * leases.size() + 16} {
  words_.add(std::uint64_t{leases.size()});
  for (const auto& lease : leases) {
    keys_.push_back(lease.resource);
    words_.add(lease.owner.hex());
    words_.add(in_milliseconds(lease.ttl));
  }
  for (const auto& lease : leases) {
    if (!always_keep(lease.ttl) && core::owner_id::random().low() % keep_one_in != 0) continue;
    keys_.push_back(kept_.emplace_back(lease.resource).lease());
    words_.add(keep_record(lease.ttl));
  }
  views_ = words_.all();
}

beat::beat(std::span<const core::waiter_ref> waiters) : words_{40 * waiters.size()} {
  std::unordered_map<std::string_view, std::uint64_t> numbers;
  for (const auto& waiter : waiters) {
    const auto [known, is_new] = numbers.try_emplace(waiter.resource, numbers.size());
    if (is_new)
      for (const auto key : resources_.emplace_back(waiter.resource).all()) keys_.push_back(key);
    words_.add(known->second);
    words_.add(waiter.owner.hex());
  }
  views_ = words_.all();
}

}  // namespace holdfast::redis
