#include "store/postgres/schema.hpp"

#include "store/sql/turn.hpp"

namespace holdfast::postgres {
namespace {

// The contended verbs. It checks what it rests on: under another isolation level a later statement would not see what
// others have committed since the transaction began.
constexpr std::string_view turn_routine = R"(
CREATE OR REPLACE FUNCTION {turn}(
  p_verb bigint, p_name bytea, p_owner bytea, p_ttl bigint, p_reserve bigint, p_used bigint, p_party bytea,
  p_client bytea, p_latest bigint, p_patience bigint, p_stepped bigint,
  OUT o_verdict bigint, OUT o_token bigint, OUT o_position bigint, OUT o_left bigint, OUT o_now bigint,
  OUT o_queued boolean) LANGUAGE plpgsql AS $holdfast$
DECLARE
{turn_variables}
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'holdfast needs READ COMMITTED: set default_transaction_isolation so for this user'
      USING ERRCODE = 'HF002';
  END IF;
{turn_body}
END $holdfast$;
)";

// A release while somebody waits. The routine above would serve it too, but takes twice as long. The first statement locks
// the row; the later ones, which see what was committed until then, hand it to the head of the queue if that is surely
// alive. All else is the routine's to judge, under any isolation level. `queued` may outlast the last waiter until then.
constexpr std::string_view pass_routine = R"(
CREATE OR REPLACE FUNCTION {pass}(
  p_name bytea, p_owner bytea, p_used bigint, p_latest bigint, p_patience bigint, p_stepped bigint)
  RETURNS bigint LANGUAGE plpgsql AS $holdfast$
DECLARE
  v_last bigint; v_now bigint; w_owner bytea; w_client bytea; w_reserve bigint; w_party bytea; v_told boolean;
BEGIN
  SELECT greatest(token, least(last, p_used)) INTO v_last FROM {lease}
    WHERE name = p_name AND owner = p_owner AND queued AND claimed AND expires > {now} FOR UPDATE;
  IF v_last < {token_limit} - 10000000000 THEN
    v_now := {now};
    DELETE FROM {waiter} WHERE name = p_name AND seen + {stale_after} > v_now
        AND ticket = (SELECT ticket FROM {waiter} WHERE name = p_name ORDER BY ticket LIMIT 1)
      RETURNING owner, client, reserve, party INTO w_owner, w_client, w_reserve, w_party;
    IF w_owner IS NOT NULL THEN
      v_last := greatest(v_last + 1, v_now);
      UPDATE {lease} SET owner = w_owner, token = v_last, last = v_last + w_reserve, since = v_now, renewed = v_now,
        expires = v_now + {claim_window}, claimed = false, party = w_party WHERE name = p_name;
      IF w_client IS NOT NULL THEN
        v_told := pg_notify('holdfast_' || encode(w_client, 'hex'), encode(w_owner, 'hex')) IS NOT NULL;
      END IF;
      RETURN {released};
    END IF;
  END IF;
  RETURN (SELECT o_verdict FROM {turn}({release}, p_name, p_owner, NULL, NULL, p_used, NULL, NULL, p_latest, p_patience,
    p_stepped));
END $holdfast$;
)";

// Deletes names that nobody has used for long, among the p_rows after p_from (NULL: where the last call ended). The floor is raised in the
// same transaction: it is no lower than any token that goes.
constexpr std::string_view clean_routine = R"(
CREATE OR REPLACE FUNCTION {clean}(
  p_from bytea, p_rows bigint, p_margin bigint, p_latest bigint, p_patience bigint, p_stepped bigint,
  OUT o_mine boolean, OUT o_deleted bigint, OUT o_next bytea) LANGUAGE plpgsql AS $holdfast$
DECLARE
  v_now bigint; v_from bytea; v_to bytea; v_name bytea;
BEGIN
  o_deleted := 0; o_next := '';
  o_mine := pg_try_advisory_xact_lock({advisory_class}, '{lease}'::regclass::oid::int);
  IF NOT o_mine THEN
    RETURN;
  END IF;
  v_now := {now};
  UPDATE {state} SET floor_token = greatest(floor_token, v_now - p_margin) WHERE id = 1 RETURNING cleaned INTO v_from;
  v_from := coalesce(p_from, v_from);
  SELECT name INTO v_to FROM {lease} WHERE name > v_from ORDER BY name OFFSET p_rows - 1 LIMIT 1;
  DELETE FROM {lease} WHERE name IN (
    SELECT name FROM {lease} WHERE name > v_from AND (v_to IS NULL OR name <= v_to) AND NOT queued
      AND greatest(last, token) < v_now - p_margin AND (owner IS NULL OR expires + CASE WHEN renewed < p_stepped THEN p_patience ELSE 0 END
        < least(v_now, p_latest) - {unreleased_margin})
    FOR UPDATE SKIP LOCKED);
  GET DIAGNOSTICS o_deleted = ROW_COUNT;
  o_next := coalesce(v_to, ''::bytea);
  UPDATE {state} SET cleaned = o_next WHERE id = 1;
  FOR v_name IN SELECT DISTINCT name FROM {waiter} WHERE seen < v_now - 2 * {forget_after} ORDER BY name LIMIT 20 LOOP
    PERFORM {turn}({look}, v_name, NULL, NULL, NULL, NULL, NULL, NULL, p_latest, p_patience, p_stepped);
  END LOOP;
END $holdfast$;
)";

constexpr std::string_view first_rows = R"(
INSERT INTO {state} VALUES (1, 1, 0, '') ON CONFLICT DO NOTHING;
)";

constexpr std::string_view rights = R"(
-- A user who has not made them needs:
{right_to_schema}--   GRANT SELECT, INSERT, UPDATE, DELETE ON {lease}, {waiter}, {state} TO the_user;
)";

}  // namespace

sql::dialect make_dialect(const sql::table_names& names) {
  sql::dialect made{{
      {"let", ""},
      {"be", ":="},
      {"declare", ""},
      {"number", "bigint"},
      {"name", "bytea"},
      {"id", "bytea"},
      {"blob", "bytea"},
      {"bool", "boolean"},
      {"ticket", "bigint GENERATED ALWAYS AS IDENTITY"},
      // A float holds the microseconds of some centuries, and is much quicker than extract()'s numeric.
      {"now", "(date_part('epoch', clock_timestamp()) * 1000000)::bigint"},
      {"make_row",
       "INSERT INTO {lease}(name, token, last, expires, renewed, since, claimed, queued)"
       " SELECT p_name, f, f, 0, 0, 0, true, false"
       " FROM (SELECT coalesce((SELECT floor_token FROM {state} WHERE id = 1), 0) AS f) s"
       " ON CONFLICT (name) DO NOTHING;"},
      {"tell", "PERFORM pg_notify('holdfast_' || encode(w_client, 'hex'), encode(w_owner, 'hex'));"},
      {"refuse_token",
       "RAISE EXCEPTION 'the next fencing token would be 2^53 or more: the server''s clock is, or was, set centuries"
       " ahead' USING ERRCODE = 'HF001';"},
      // Room for a second version of each row, so that a renewal touches no index and the table does not grow.
      {"lease_options", "WITH (fillfactor = 40, autovacuum_vacuum_scale_factor = 0.05)"},
      {"waiter_options", "WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05)"},
      {"state_options", "WITH (fillfactor = 10)"},
      {"advisory_class", "1752132708"},  // "hold"
      {"unreleased_margin", "86400000000"},
  }};
  sql::define_common(made, names);
  made.define("turn", names.with("_turn"));
  made.define("pass", names.with("_pass"));
  made.define("clean", names.with("_clean"));
  made.define("turn_variables", std::string{sql::turn_variables});
  made.define("turn_body", std::string{sql::turn_body});
  return made;
}

std::string schema_script(const sql::table_names& names) {
  std::string text{sql::table_definitions};
  text.append(first_rows).append(turn_routine).append(pass_routine).append(clean_routine).append(rights);
  auto words = make_dialect(names);
  words.define("right_to_schema", names.schema.empty()
                                      ? std::string{}
                                      : "--   GRANT USAGE ON SCHEMA \"" + names.schema + "\" TO the_user;\n");
  return words.spell(text);
}

}  // namespace holdfast::postgres
