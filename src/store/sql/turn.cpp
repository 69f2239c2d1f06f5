#include "store/sql/turn.hpp"

#include <string>

#include "store/sql/pace.hpp"
#include "store/sql/row.hpp"

namespace holdfast::sql {

/// - leases: `queued` is true while there may be waiters. A free row (owner NULL) is kept for its `last` token until the
///   clock is far beyond it. `renewed` is when the row was last granted or renewed. No index has a column that a verb
///   changes.
/// - waiters: a queue for each name, in the order of tickets, which are given under the lock of the name's lease.
///   `client` says where to tell of a turn.
/// - state: `floor_token` is no lower than any token that clean-up has forgotten.
const std::string_view table_definitions = R"(
CREATE TABLE IF NOT EXISTS {lease}(
  name {name} NOT NULL PRIMARY KEY, owner {id}, token {number} NOT NULL, last {number} NOT NULL,
  expires {number} NOT NULL, renewed {number} NOT NULL, since {number} NOT NULL, claimed {bool} NOT NULL,
  queued {bool} NOT NULL, party {blob}{lease_extra}) {lease_options};
CREATE TABLE IF NOT EXISTS {waiter}(
  ticket {ticket}, name {name} NOT NULL, owner {id} NOT NULL UNIQUE, client {id}, reserve {number} NOT NULL,
  seen {number} NOT NULL, since {number} NOT NULL, party {blob}, PRIMARY KEY (name, ticket){waiter_extra}) {waiter_options};
CREATE TABLE IF NOT EXISTS {state}(
  id {number} NOT NULL PRIMARY KEY CHECK (id = 1), layout {number} NOT NULL, floor_token {number} NOT NULL,
  cleaned {name} NOT NULL) {state_options};
)";

const std::string_view turn_variables = R"(
  {declare} v_owner {id}; {declare} v_token {number}; {declare} v_last {number}; {declare} v_expires {number};
  {declare} v_renewed {number}; {declare} v_since {number}; {declare} v_claimed {bool}; {declare} v_queued {bool};
  {declare} v_party {blob}; {declare} v_sees {number}; {declare} v_held {bool}; {declare} v_changed {bool};
  {declare} v_ticket {number}; {declare} w_ticket {number}; {declare} w_owner {id}; {declare} w_client {id};
  {declare} w_reserve {number}; {declare} w_party {blob};
)";

// The variables begin as NULL. A SELECT INTO that finds no row leaves them so.
const std::string_view turn_body = R"(
  {let} o_token {be} 0; {let} o_position {be} 0; {let} o_left {be} 0; {let} v_changed {be} false;
  {find_row}
  IF v_token IS NULL AND p_verb <= {try_acquire} THEN
    {make_row}
    {find_row}
  END IF;
  {let} o_now {be} {now};
  IF v_token IS NULL THEN
    {let} o_verdict {be} {nothing};
  ELSE
    -- A grant by one statement may read the clock twice.
    {let} v_last {be} greatest(v_last, v_token);
    {let} v_sees {be} CASE WHEN p_latest < o_now THEN p_latest ELSE o_now END;
    {let} v_held {be} v_owner IS NOT NULL AND
      v_expires + CASE WHEN v_renewed < p_stepped THEN p_patience ELSE 0 END > v_sees;

    -- A sign of life first: nobody who asks is passed over as dead.
    IF v_queued AND (p_verb <= {claim} OR p_verb = {look}) THEN
      SELECT ticket INTO v_ticket FROM {waiter} WHERE owner = p_owner AND name = p_name;
      IF v_ticket IS NOT NULL THEN
        UPDATE {waiter} SET seen = o_now WHERE name = p_name AND ticket = v_ticket;
      END IF;
    END IF;

    -- Those that give something up.
    IF p_verb = {withdraw} THEN
      {let} o_verdict {be} {done};
      IF v_queued THEN
        DELETE FROM {waiter} WHERE owner = p_owner AND name = p_name;
      END IF;
    ELSE
      {let} o_verdict {be} {not_held};
    END IF;
    IF ((p_verb = {release} OR p_verb = {withdraw}) AND v_owner = p_owner) OR
       (p_verb = {break_lease} AND v_held AND (p_owner IS NULL OR v_owner = p_owner) AND
        (p_used IS NULL OR v_token = p_used)) THEN
      -- Of a lease that ran out nobody can say any more which of its tokens were used; nor of one that was withdrawn
      -- after its claim, or broken.
      IF v_held AND p_verb = {release} THEN
        {let} v_last {be} greatest(v_token, least(v_last, p_used));
      ELSEIF v_held AND p_verb = {withdraw} AND NOT v_claimed THEN
        {let} v_last {be} v_token;
      END IF;
      IF v_held AND p_verb <> {withdraw} THEN
        {let} o_verdict {be} {released};
      END IF;
      {let} v_owner {be} NULL; {let} v_claimed {be} true; {let} v_party {be} NULL; {let} v_held {be} false;
      {let} v_changed {be} true;
    END IF;

    -- A free resource goes to the first live waiter, for as long as a claim may take. Every verb comes here, so that
    -- nobody overtakes.
    IF v_queued AND NOT v_held THEN
      DELETE FROM {waiter} WHERE name = p_name AND
        seen + CASE WHEN seen < p_stepped THEN p_patience ELSE 0 END + {forget_after} <= v_sees;
      SELECT ticket, owner, client, reserve, party INTO w_ticket, w_owner, w_client, w_reserve, w_party
        FROM {waiter} WHERE name = p_name AND
          seen + CASE WHEN seen < p_stepped THEN p_patience ELSE 0 END + {stale_after} > v_sees
        ORDER BY ticket LIMIT 1;
      IF w_ticket IS NOT NULL THEN
        DELETE FROM {waiter} WHERE name = p_name AND ticket = w_ticket;
        {let} v_owner {be} w_owner; {let} v_token {be} greatest(v_last + 1, o_now);
        {let} v_last {be} v_token + w_reserve; {let} v_since {be} o_now; {let} v_renewed {be} o_now;
        {let} v_expires {be} o_now + {claim_window}; {let} v_claimed {be} false; {let} v_party {be} w_party;
        {let} v_held {be} true;
        IF w_client IS NOT NULL AND (p_owner IS NULL OR w_owner <> p_owner) THEN
          {tell}
        END IF;
        IF w_ticket = v_ticket THEN
          {let} v_ticket {be} NULL;
        END IF;
      END IF;
      {let} v_queued {be} EXISTS (SELECT 1 FROM {waiter} WHERE name = p_name);
      {let} v_changed {be} true;
    END IF;

    -- Those that want a turn.
    IF p_verb <= {claim} THEN
      IF (v_owner IS NOT NULL AND v_owner = p_owner) OR (NOT v_held AND p_verb <> {claim}) THEN
        -- Begins (a hand-off, or a free resource), goes on (an answer was lost: that never shortens a lease that was
        -- refreshed meanwhile), or begins anew with another token where it had run out.
        IF NOT v_held THEN
          {let} v_owner {be} p_owner; {let} v_token {be} greatest(v_last + 1, o_now);
          {let} v_last {be} v_token + p_reserve; {let} v_since {be} o_now; {let} v_expires {be} 0;
        ELSEIF NOT v_claimed THEN
          {let} v_since {be} o_now; {let} v_expires {be} 0;
        END IF;
        {let} v_expires {be} greatest(v_expires, o_now + p_ttl); {let} v_renewed {be} o_now;
        {let} v_claimed {be} true; {let} v_party {be} p_party; {let} v_changed {be} true;
        {let} o_verdict {be} {granted}; {let} o_token {be} v_token;
      ELSEIF p_verb = {try_acquire} THEN
        {let} o_verdict {be} {busy};
        IF v_ticket IS NOT NULL THEN
          DELETE FROM {waiter} WHERE name = p_name AND ticket = v_ticket;
        END IF;
      ELSEIF p_verb = {claim} AND v_ticket IS NULL THEN
        {let} o_verdict {be} {gone};
      ELSE
        IF v_ticket IS NULL THEN
          INSERT INTO {waiter}(name, owner, client, reserve, seen, since, party)
            VALUES (p_name, p_owner, p_client, p_reserve, o_now, o_now, p_party);
          SELECT ticket INTO v_ticket FROM {waiter} WHERE owner = p_owner AND name = p_name;
          IF NOT v_queued THEN
            {let} v_queued {be} true; {let} v_changed {be} true;
          END IF;
        END IF;
        {let} o_verdict {be} {queued};
        SELECT count(*) INTO o_position FROM {waiter} WHERE name = p_name AND ticket < v_ticket AND
          seen + CASE WHEN seen < p_stepped THEN p_patience ELSE 0 END + {stale_after} > v_sees;
      END IF;
    ELSEIF p_verb = {look} THEN
      {let} o_verdict {be} CASE WHEN v_owner = p_owner THEN {your_turn}
        WHEN v_ticket IS NOT NULL THEN {waiting} ELSE {gone} END;
    END IF;

    IF v_held THEN
      {let} o_left {be} greatest(v_expires + CASE WHEN v_renewed < p_stepped THEN p_patience ELSE 0 END - v_sees, 0);
    END IF;
    IF v_changed THEN
      IF v_last >= {token_limit} THEN
        {refuse_token}
      END IF;
      UPDATE {lease} SET owner = v_owner, token = v_token, last = v_last, expires = v_expires, renewed = v_renewed,
        since = v_since, claimed = v_claimed, queued = v_queued, party = v_party WHERE name = p_name;
    END IF;
    {let} o_queued {be} v_queued;
  END IF;
)";

void define_common(dialect& into, const table_names& names) {
  into.define("lease", names.with(""));
  into.define("waiter", names.with("_waiter"));
  into.define("state", names.with("_state"));
  into.define("find_row",
              "SELECT owner, token, last, expires, renewed, since, claimed, queued, party"
              " INTO v_owner, v_token, v_last, v_expires, v_renewed, v_since, v_claimed, v_queued, v_party"
              " FROM {lease} WHERE name = p_name FOR UPDATE;");
  const auto number = [&](const char* word, std::int64_t value) { into.define(word, std::to_string(value)); };
  const auto verb = [&](const char* word, turn_verb value) { number(word, static_cast<int>(value)); };
  const auto verdict = [&](const char* word, turn_verdict value) { number(word, static_cast<int>(value)); };
  verb("try_acquire", turn_verb::try_acquire);
  verb("claim", turn_verb::claim);
  verb("release", turn_verb::release);
  verb("withdraw", turn_verb::withdraw);
  verb("break_lease", turn_verb::break_lease);
  verb("look", turn_verb::look);
  verdict("nothing", turn_verdict::nothing);
  verdict("granted", turn_verdict::granted);
  verdict("queued", turn_verdict::queued);
  verdict("busy", turn_verdict::busy);
  verdict("gone", turn_verdict::gone);
  verdict("released", turn_verdict::released);
  verdict("not_held", turn_verdict::not_held);
  verdict("done", turn_verdict::done);
  verdict("your_turn", turn_verdict::your_turn);
  verdict("waiting", turn_verdict::waiting);
  into.define("lease_extra", "");
  into.define("waiter_extra", "");
  number("claim_window", in_us(claim_window));
  number("stale_after", in_us(stale_after));
  number("forget_after", in_us(forget_after));
  number("token_limit", static_cast<std::int64_t>(token_limit));
}

core::turn_answer to_answer(const turn_result& result, const core::request& what, time_point sent) {
  using outcome = core::turn_answer::outcome;
  core::turn_answer answer;
  answer.sent = sent;
  switch (result.verdict) {
    case turn_verdict::granted:
      answer.is = outcome::granted;
      answer.token = result.token;
      answer.ttl = what.ttl;
      break;
    case turn_verdict::queued:
      answer.is = outcome::queued;
      answer.position = result.position;
      answer.look_again = look_again(std::chrono::microseconds{result.left_us}, result.position);
      break;
    case turn_verdict::busy:
      answer.is = outcome::busy;
      break;
    default:
      answer.is = outcome::gone;
      break;
  }
  return answer;
}

}  // namespace holdfast::sql
