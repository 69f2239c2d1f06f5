#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "holdfast/clock.hpp"

/// etcd's requests and answers as plain values: what is asked and read is decided without gRPC.
namespace holdfast::etcd {

using revision = std::int64_t;
using lease_id = std::int64_t;

/// Who answered, and in which term of the cluster's raft.
struct header {
  std::uint64_t member = 0;
  revision at = 0;
  std::uint64_t term = 0;
};

struct entry {
  std::string key;
  std::string value;
  revision created = 0;
  lease_id lease = 0;
};

/// That the create_revision of `key`, or of every key in [key, end), is `created` (0: that there is none).
struct created_is {
  std::string key;
  std::string end;
  revision created = 0;
};

struct put {
  std::string key;
  std::string value;
  lease_id lease = 0;
};

struct erase {
  std::string key;
};

struct read {
  enum class order : std::uint8_t { by_key, newest_first, oldest_first };
  std::string key;
  std::string end;  ///< Empty: `key` alone.
  order in = order::by_key;
  bool keys_only = false;
  std::int64_t limit = 0;
  revision created_by = 0;  ///< 0: any; else only what was created at this revision or before.
  revision at = 0;          ///< 0: now.
};

struct put_if_absent {
  put what;
};

using action = std::variant<put, erase, read, put_if_absent>;

struct transaction {
  std::vector<created_is> when;
  std::vector<action> then;
  std::vector<action> otherwise;
};

/// The answer to one action; which members hold depends on it.
struct result {
  std::vector<entry> entries;  ///< read
  std::int64_t count = 0;      ///< read: the keys in the range, whatever the limit. erase: how many went.
  bool more = false;           ///< read: the limit cut it off.
  bool done = false;           ///< put_if_absent
};

/// What every answer has.
struct reply {
  header from;
  time_point sent{};      ///< Just before the attempt that was answered was written.
  bool repeated = false;  ///< An earlier attempt may have been carried out, too.
};

struct committed : reply {
  bool succeeded = false;
  std::vector<result> results;  ///< Of `then` or `otherwise`, in their order.
};

struct lease_reply : reply {
  lease_id lease = 0;
  std::int64_t seconds = 0;  ///< The ttl; not more than 0: there is no such lease.
  std::int64_t granted = 0;  ///< time_to_live: as it was granted.
  std::vector<std::string> keys;
};

}  // namespace holdfast::etcd
