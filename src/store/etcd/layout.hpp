#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/owner_id.hpp"
#include "store/etcd/values.hpp"

/// How locks lie in etcd. Each holder or waiter of NAME has one key `NAME/<lease id in hex>[-<owner>]`, attached to a
/// lease; who was created first holds. That is the layout of etcd's own recipe (`etcdctl lock`, Go's concurrency.Mutex).
/// The lease is the one that the request is to hold by, as of when it was first sent: repeated under another one, it
/// keeps its key, for else it would stand behind itself. Whose a key of ours is says its value.
namespace holdfast::etcd {

std::string prefix_of(std::string_view resource);
/// The first key behind all that begin with `prefix`; "\0" (no end) where there is none.
std::string end_of(std::string_view prefix);
std::string key_of(std::string_view resource, lease_id lease);
/// For a request beside another one of the same client (key_names.hpp).
std::string key_of(std::string_view resource, lease_id lease, const core::owner_id& owner);

/// Whether `key`, which begins with `prefix`, is a holder's or waiter's of that resource and not, say, of another one
/// whose name goes on from there.
bool stands_in_line(std::string_view key, std::string_view prefix);

/// A key taken apart.
struct place {
  std::string_view resource;
  std::string_view ticket;  ///< Behind the slash.
};
/// Nothing where it is no key of a lock.
std::optional<place> parse(std::string_view key);

/// For people: nothing is decided by it.
std::int64_t wall_clock_us();

/// What a key of ours holds: whose it is, whether it has claimed its turn, since when (wall clock, for people), and the
/// party text.
struct record {
  core::owner_id owner;
  bool claimed = false;
  std::int64_t since_us = 0;
  std::string party;
};
std::string text_of(const record& what);
/// Nothing for a foreign client's value, which mostly is empty.
std::optional<record> read_record(std::string_view value);
/// Whether it is `owner`'s.
bool belongs_to(const entry& key, const core::owner_id& owner);
/// Whether its owner is one of ours, and holds.
bool is_claimed(const entry& key);

}  // namespace holdfast::etcd
