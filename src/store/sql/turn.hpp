#pragma once

#include <cstdint>
#include <string_view>

#include "core/store.hpp"
#include "store/sql/dialect.hpp"

/// What a verb does where the single statement of the uncontended case found nothing to change: one routine in the
/// server, so that it is one round trip and one transaction. It locks the row of the resource first and reads the queue
/// in later statements: under READ COMMITTED a statement that has waited for a row sees that row as it is now, but all
/// else as it was when the statement began. Its text is the same for every server; the dialect spells it.
namespace holdfast::sql {

/// The routine's first parameter.
enum class turn_verb : int { acquire = 1, try_acquire, claim, release, withdraw, break_lease, look };

/// Its first result.
enum class turn_verdict : int {
  nothing = 0,
  granted,
  queued,
  busy,
  gone,
  released,
  not_held,
  done,
  your_turn,
  waiting
};

/// One row is what it answers.
struct turn_result {
  turn_verdict verdict = turn_verdict::nothing;  ///< `nothing`: the resource has no row.
  std::uint64_t token = 0;
  std::uint32_t position = 0;
  std::int64_t left_us = 0;  ///< Until the holder's lease is over.
  std::int64_t now_us = 0;   ///< The server's clock.
  bool queued = false;       ///< Whether anybody waits, afterwards.
};

/// The parameters, in their order, after the verb: name, owner, ttl, reserve, used, party, client, then the clock's
/// bounds: latest, patience, stepped. Each may be NULL where the verb does not need it; `client` is NULL for who polls.
/// - release: `used` is the highest token used. break: `used` is the token, `owner` the owner; NULL matches any.
///
/// Words that a dialect defines besides names of tables ({lease}, {waiter}, {state}):
///   {let}X{be}      assignment: `X := ` or `SET X = `
///   {now}           the server's clock in µs
///   {make_row}      a statement that inserts the free row {lease}(p_name) with `last` = the floor, if there is none
///   {tell}          statements that wake the client w_client for the owner w_owner
extern const std::string_view turn_body;
/// The routine's local variables, each `NAME TYPE;` by the words {declare}, {id}, {name}, {blob}, {bool}.
extern const std::string_view turn_variables;
/// CREATE TABLE statements, separated by `;`. Further words: {ticket} (a rising number made by the server),
/// {number}, {lease_options}, {waiter_options}, {state_options}; if need be {lease_extra} and {waiter_extra}, further
/// columns and keys.
extern const std::string_view table_definitions;

/// Defines the words that are the same for all: verbs, verdicts, paces, {lease}, {waiter}, {state}.
void define_common(dialect& into, const table_names& names);

core::turn_answer to_answer(const turn_result& result, const core::request& what, time_point sent);

}  // namespace holdfast::sql
