#pragma once

#include <string>
#include <string_view>

/// The statements about advisory locks. The key of a name is `hashtextextended(encode(NAME, 'escape'), 0)`: what other
/// programs write as `hashtextextended('NAME', 0)` where the name is of ASCII without backslashes; any bytes have one.
///
/// The server reads its clock once it has given the lock, so that the token of a later holder is higher: between the
/// two readings lie the answer to the first, and a message that frees the lock.
namespace holdfast::postgres::session_text {

/// What a session that locks is set to: it may wait for a lock as long as it takes, and a client that is gone is noticed
/// meanwhile. Not every server knows all of these. -> whether it is a replica
inline constexpr std::string_view settle = R"(
SELECT pg_is_in_recovery(), count(set_config(name, CASE name
  WHEN 'client_connection_check_interval' THEN '500' WHEN 'tcp_keepalives_idle' THEN '7200'
  WHEN 'idle_session_timeout' THEN '60000' ELSE '0' END, false))
FROM pg_settings WHERE name IN ('statement_timeout', 'lock_timeout', 'transaction_timeout',
  'idle_in_transaction_session_timeout', 'client_connection_check_interval', 'tcp_keepalives_idle',
  'idle_session_timeout'))";

/// $1 name, $2 owner in hex, $3 idle limit -> whether it was given, token
inline constexpr std::string_view attempt = R"(WITH
given AS MATERIALIZED (SELECT pg_try_advisory_lock(hashtextextended(encode($1::bytea, 'escape'), 0)) AS well),
clock AS MATERIALIZED (SELECT well, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS us FROM given)
SELECT well, us, CASE WHEN well THEN set_config('idle_session_timeout', $3::text, false) ||
  set_config('tcp_user_timeout', $3::text, false) ||
  set_config('application_name', 'holdfast ' || us || ' ' || $2::text, false) END FROM clock)";

/// Answers when the lock is given. $1 name, $2 owner in hex, $3 idle limit until the claim -> token
inline constexpr std::string_view wait = R"(WITH
titled AS MATERIALIZED (SELECT set_config('application_name', 'holdfast waits ' || $2::text, false) AS title),
given AS MATERIALIZED (
  SELECT title, pg_advisory_lock(hashtextextended(encode($1::bytea, 'escape'), 0)) FROM titled),
clock AS MATERIALIZED (SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS us FROM given)
SELECT us, set_config('idle_session_timeout', $3::text, false) || set_config('tcp_user_timeout', $3::text, false) ||
  set_config('application_name', 'holdfast ' || us || ' ' || $2::text || ' ?', false) FROM clock)";

/// The claim, and a renewal: proof that the session stands. $1 title, $2 idle limit
inline constexpr std::string_view keep =
    "SELECT set_config('application_name', $1::text, false) || set_config('idle_session_timeout', $2::text, false) ||"
    " set_config('tcp_user_timeout', $2::text, false)";

/// $1 name -> whether it was held
inline constexpr std::string_view free = R"(
SELECT pg_advisory_unlock(hashtextextended(encode($1::bytea, 'escape'), 0)),
  set_config('idle_session_timeout', '60000', false) || set_config('application_name', 'holdfast', false))";

/// Where a session stands. $1 process, $2 when it had begun -> whether it has its lock (NULL: none, nor waits for one
/// yet), how many wait before it. No row: it is gone.
inline constexpr std::string_view place = R"(
SELECT CASE WHEN l.granted OR l.waitstart IS NOT NULL THEN l.granted END,
  (SELECT count(*) FROM pg_locks o WHERE o.locktype = 'advisory' AND o.objsubid = 1 AND o.database = l.database
     AND o.classid = l.classid AND o.objid = l.objid AND (o.waitstart, o.pid) < (l.waitstart, l.pid))
FROM pg_stat_activity a LEFT JOIN pg_locks l ON l.pid = a.pid AND l.locktype = 'advisory' AND l.objsubid = 1
WHERE a.pid = $1::bigint AND a.backend_start <= to_timestamp($2::bigint / 1000000.0))";

/// Ends a session's statement; one that runs none is left alone. $1 process
inline constexpr std::string_view cancel = "SELECT pg_cancel_backend($1::bigint::int)";

/// Who has or awaits a lock of this key space. $1 name, or NULL for all -> key, process, has it, application_name,
/// statement, user, host, us since its statement ended, us since it began to wait, now
inline constexpr std::string_view look = R"(
SELECT l.classid::bigint << 32 | l.objid::bigint AS key, l.pid::bigint, l.granted, a.application_name::text,
  a.query::text, a.usename::text, coalesce(host(a.client_addr), '')::text,
  (extract(epoch FROM clock_timestamp() - a.state_change) * 1000000)::bigint,
  (extract(epoch FROM clock_timestamp() - l.waitstart) * 1000000)::bigint,
  (extract(epoch FROM clock_timestamp()) * 1000000)::bigint
FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.objsubid = 1
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND ($1::bytea IS NULL
       OR l.classid::bigint << 32 | l.objid::bigint = hashtextextended(encode($1::bytea, 'escape'), 0))
ORDER BY key, l.granted DESC, l.waitstart, l.pid)";

/// Ends the sessions that have the lock and this title, and waits for that. $1 name, $2 token and $3 owner in hex, or
/// NULL for any -> whether each ended
inline constexpr std::string_view break_it = R"(
SELECT pg_terminate_backend(l.pid, 5000) FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND l.classid::bigint << 32 | l.objid::bigint = hashtextextended(encode($1::bytea, 'escape'), 0)
  AND split_part(a.application_name, ' ', 1) = 'holdfast'
  AND ($2::text IS NULL OR split_part(a.application_name, ' ', 2) = $2::text)
  AND ($3::text IS NULL OR split_part(a.application_name, ' ', 3) = $3::text))";

}  // namespace holdfast::postgres::session_text
