#pragma once

#include <span>
#include <string>
#include <string_view>

#include "store/etcd/values.hpp"

/// What is sent for each step of a lock.
namespace holdfast::etcd::transactions {

/// How many of those before one are read at once.
inline constexpr std::int64_t line_page = 128;
/// etcd takes 128 operations in a transaction, unless it is configured otherwise.
inline constexpr std::size_t most_actions = 100;

/// Takes the resource if nothing stands under its prefix. Else puts the key at the end of the line, attached to `waits_by`
/// (0: does not), unless it is there already, and reads it and the newest of those that stand there.
transaction take_or_queue(std::string_view prefix, const std::string& key, const std::string& held_text,
                          const std::string& waiting_text, lease_id holds_by, lease_id waits_by);
/// Where the results of take_or_queue's second half are.
struct queued_results {
  const result& own;
  const result& newest;
};
/// The second half of it alone, for where somebody is sure to stand there: that NAME/ is empty takes etcd a look at
/// every key of the line.
transaction queue(std::string_view prefix, const std::string& key, const std::string& waiting_text, lease_id waits_by);
queued_results queued_results_of(const committed& answer);

/// Makes the key, which has to be the one that was created at `created`, a holder's.
transaction claim(const std::string& key, revision created, const std::string& held_text, lease_id holds_by);
/// Reads the key, and those created before `created` with the newest first.
transaction look(std::string_view prefix, const std::string& key, revision created);
/// Reads on, from those created before `created`.
transaction look_on(std::string_view prefix, revision created);
/// The same, with the values.
transaction read_line(std::string_view prefix, revision created);
/// Deletes the key if it is the one that was created at `created`.
transaction remove(const std::string& key, revision created);
/// One result a key, in their order.
transaction read_keys(std::span<const std::string> keys);
/// Reads each key, without its value.
transaction look_at_keys(std::span<const std::string> keys);

}  // namespace holdfast::etcd::transactions
