#include "store/postgres/statements.hpp"

#include <string>
#include <utility>

#include "store/postgres/lost_sessions.hpp"
#include "store/postgres/schema.hpp"

namespace holdfast::postgres {
namespace {

/// Two conditions on the column `owner IS NULL`, not on the clock: what has run out is the routine's to judge.
constexpr std::string_view take_text = R"(
UPDATE {lease} SET owner = $2, token = greatest(last + 1, {now}), last = greatest(last + 1, {now}) + $3::bigint,
  expires = {now} + $4::bigint, renewed = {now}, since = {now}, party = $5
WHERE name = $1 AND owner IS NULL AND NOT queued AND last < {token_limit} - 10000000000
RETURNING token, since)";

/// The same with a token that the client has from what it knows of the server's clock: without RETURNING, and reading the
/// clock less often, the statement costs the server hardly more than any UPDATE. A token that is not higher changes no row.
constexpr std::string_view take_as_text = R"(
UPDATE {lease} SET owner = $2, token = $5::bigint, last = $5::bigint, since = $5::bigint,
  expires = {now} + $3::bigint, renewed = {now}, party = $4
WHERE name = $1 AND owner IS NULL AND NOT queued AND last < $5::bigint AND $5::bigint > {now} - 100000)";

constexpr std::string_view free_text = R"(
UPDATE {lease} SET owner = NULL, party = NULL, last = greatest(token, least(last, $3::bigint))
WHERE name = $1 AND owner = $2 AND NOT queued AND claimed AND expires > {now})";

constexpr std::string_view take_up_text = R"(
UPDATE {lease} SET claimed = true, expires = {now} + $3::bigint, renewed = {now}, since = {now}, party = $4
WHERE name = $1 AND owner = $2 AND NOT claimed AND expires > {now}
RETURNING token, since)";

constexpr std::string_view turn_text =
    "SELECT o_verdict, o_token, o_position, o_left, o_now, o_queued FROM"
    " {turn}($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";

constexpr std::string_view pass_text = "SELECT {pass}($4, $5, $6, $1, $2, $3)";

/// Passes over rows that somebody has locked, so that it never waits and one stuck row can't lose the batch.
constexpr std::string_view renew_text = R"(
WITH clock AS MATERIALIZED (SELECT {now} AS n),
  wanted AS MATERIALIZED (
    SELECT * FROM unnest($4::bytea[], $5::bytea[], $6::bigint[]) WITH ORDINALITY AS u(name, owner, ttl, number)),
  locked AS MATERIALIZED (
    SELECT l.name, w.ttl, w.number FROM wanted w CROSS JOIN clock c JOIN {lease} l ON l.name = w.name
    WHERE l.owner = w.owner AND l.claimed AND {lease_end} > least($1::bigint, c.n)
    ORDER BY l.name FOR UPDATE OF l SKIP LOCKED),
  renewed AS (
    UPDATE {lease} l SET expires = c.n + k.ttl, renewed = c.n FROM locked k, clock c WHERE l.name = k.name
    RETURNING k.number)
SELECT w.number, r.number IS NOT NULL,
  r.number IS NULL AND EXISTS (
    SELECT 1 FROM {lease} l WHERE l.name = w.name AND l.owner = w.owner AND l.claimed
      AND {lease_end} > least($1::bigint, c.n)), c.n
FROM wanted w CROSS JOIN clock c LEFT JOIN renewed r ON r.number = w.number)";

/// The setting is made before any row is looked at, and for this statement's transaction only.
constexpr std::string_view renew_one_text = R"(
UPDATE {lease} l SET expires = {now} + $6::bigint, renewed = {now}
WHERE (SELECT set_config('lock_timeout', $7::text, true)) IS NOT NULL
  AND name = $4 AND owner = $5 AND claimed AND {lease_end} > least($1::bigint, {now}) RETURNING {now})";

/// A row that somebody has locked is being claimed or handed on: it needs no sign of life, and to wait for it with others
/// locked would risk a deadlock.
constexpr std::string_view beat_text = R"(
WITH wanted AS MATERIALIZED (
    SELECT * FROM unnest($4::bytea[], $5::bytea[]) WITH ORDINALITY AS u(name, owner, number)),
  mine AS MATERIALIZED (
    SELECT x.name, x.ticket FROM wanted w JOIN {waiter} x ON x.owner = w.owner AND x.name = w.name
    FOR UPDATE OF x SKIP LOCKED),
  alive AS (
    UPDATE {waiter} x SET seen = {now} FROM mine m WHERE x.name = m.name AND x.ticket = m.ticket)
SELECT w.number, CASE
    WHEN l.name IS NULL THEN {gone}
    WHEN l.queued AND NOT (l.owner IS NOT NULL AND {lease_end} > least($1::bigint, {now})) THEN {nothing}
    WHEN l.owner = w.owner THEN {your_turn}
    WHEN x.owner IS NOT NULL THEN {waiting}
    ELSE {gone} END, {now}
FROM wanted w LEFT JOIN {lease} l ON l.name = w.name LEFT JOIN {waiter} x ON x.owner = w.owner AND x.name = w.name)";

constexpr std::string_view rows_text =
    "SELECT l.name, l.owner, l.token, l.last, {lease_end}, l.since, l.claimed, l.queued, l.party, {now} FROM {lease} l";

constexpr std::string_view list_text = R"(
WHERE l.name >= $4::bytea AND l.name > $5::bytea AND ($6::bytea IS NULL OR l.name < $6::bytea)
  AND (l.queued OR (l.owner IS NOT NULL AND {lease_end} > least($1::bigint, {now})))
ORDER BY l.name LIMIT $7::bigint)";

constexpr std::string_view waiters_text =
    "SELECT name, owner, seen + CASE WHEN seen < $3::bigint THEN $2::bigint ELSE 0 END, since, party FROM {waiter}"
    " WHERE name = ANY($4::bytea[]) AND $1::bigint IS NOT NULL ORDER BY name, ticket";

constexpr std::string_view clean_text =
    "SELECT o_mine, o_deleted, o_next FROM {clean}($4::bytea, $5::bigint, $6::bigint, $1::bigint, $2::bigint, "
    "$3::bigint)";

constexpr std::string_view check_text =
    "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean,"
    " (SELECT layout FROM {state} WHERE id = 1)";

}  // namespace

statements::statements(const sql::table_names& names) {
  auto words = make_dialect(names);
  words.define("lease_end", "l.expires + CASE WHEN l.renewed < $3::bigint THEN $2::bigint ELSE 0 END");
  std::size_t id = 0;
  const auto make = [&](std::string_view text) { return statement{id++, words.spell(text)}; };
  const auto make_brief = [&](std::string_view text) { return statement{id++, words.spell(text), true}; };
  take = make_brief(take_text);
  take_as = make_brief(take_as_text);
  free = make_brief(free_text);
  take_up = make_brief(take_up_text);
  turn = make_brief(turn_text);
  pass = make_brief(pass_text);
  renew = make(renew_text);
  renew_one = make_brief(renew_one_text);
  beat = make(beat_text);
  inspect = make(std::string{rows_text} + " WHERE l.name = $4 AND $1::bigint IS NOT NULL");
  list = make(std::string{rows_text} + std::string{list_text});
  waiters = make(waiters_text);
  clean = make(clean_text);
  terminate = make(end_session_text);
  check = make(check_text);
}

}  // namespace holdfast::postgres
