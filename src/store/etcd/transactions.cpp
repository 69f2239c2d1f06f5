#include "store/etcd/transactions.hpp"

#include "store/etcd/layout.hpp"

namespace holdfast::etcd::transactions {
namespace {

using order = read::order;

/// Enough to find who stands just before a newcomer, also where other resources' keys lie between.
constexpr std::int64_t newest_few = 8;

read one(const std::string& key) { return {.key = key, .end = {}}; }

read before(std::string_view prefix, revision created) {
  return {.key = std::string{prefix},
          .end = end_of(prefix),
          .in = order::newest_first,
          .keys_only = true,
          .limit = line_page,
          .created_by = created - 1};
}

}  // namespace

transaction take_or_queue(std::string_view prefix, const std::string& key, const std::string& held_text,
                          const std::string& waiting_text, lease_id holds_by, lease_id waits_by) {
  transaction made;
  made.when.push_back({.key = std::string{prefix}, .end = end_of(prefix), .created = 0});
  made.then.emplace_back(put{.key = key, .value = held_text, .lease = holds_by});
  made.otherwise = queue(prefix, key, waiting_text, waits_by).then;
  return made;
}

transaction queue(std::string_view prefix, const std::string& key, const std::string& waiting_text, lease_id waits_by) {
  transaction made;
  if (waits_by != 0) made.then.emplace_back(put_if_absent{{.key = key, .value = waiting_text, .lease = waits_by}});
  made.then.emplace_back(one(key));
  made.then.emplace_back(
      read{.key = std::string{prefix}, .end = end_of(prefix), .in = order::newest_first, .limit = newest_few});
  return made;
}

queued_results queued_results_of(const committed& answer) {
  const auto count = answer.results.size();
  return {.own = answer.results.at(count - 2), .newest = answer.results.at(count - 1)};
}

transaction claim(const std::string& key, revision created, const std::string& held_text, lease_id holds_by) {
  transaction made;
  made.when.push_back({.key = key, .end = {}, .created = created});
  made.then.emplace_back(put{.key = key, .value = held_text, .lease = holds_by});
  return made;
}

transaction look(std::string_view prefix, const std::string& key, revision created) {
  transaction made;
  made.then.emplace_back(one(key));
  made.then.emplace_back(before(prefix, created));
  return made;
}

transaction look_on(std::string_view prefix, revision created) {
  transaction made;
  made.then.emplace_back(before(prefix, created));
  return made;
}

transaction read_line(std::string_view prefix, revision created) {
  transaction made;
  auto what = before(prefix, created);
  what.keys_only = false;
  made.then.emplace_back(std::move(what));
  return made;
}

transaction remove(const std::string& key, revision created) {
  transaction made;
  made.when.push_back({.key = key, .end = {}, .created = created});
  made.then.emplace_back(erase{key});
  return made;
}

transaction read_keys(std::span<const std::string> keys) {
  transaction made;
  for (const auto& key : keys) made.then.emplace_back(one(key));
  return made;
}

transaction look_at_keys(std::span<const std::string> keys) {
  transaction made;
  for (const auto& key : keys) {
    auto what = one(key);
    what.keys_only = true;
    made.then.emplace_back(std::move(what));
  }
  return made;
}

}  // namespace holdfast::etcd::transactions
