#include "store/mysql/schema.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "store/mysql/errors.hpp"
#include "store/mysql/pace.hpp"
#include "store/sql/turn.hpp"

namespace holdfast::mysql {
namespace {

/// A transaction of the server's own: undone as a whole, and the client hears why.
constexpr std::string_view undo_on_error = "  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;\n";

constexpr std::string_view turn_head = R"(CREATE PROCEDURE {if_missing}{turn_routine}(
  IN p_verb INT, IN p_name {name}, IN p_owner {id}, IN p_ttl BIGINT, IN p_reserve BIGINT, IN p_used BIGINT,
  IN p_party BLOB, IN p_client {id}, IN p_latest BIGINT, IN p_patience BIGINT, IN p_stepped BIGINT)
SQL SECURITY INVOKER
BEGIN
  DECLARE o_verdict INT; DECLARE o_token BIGINT; DECLARE o_position BIGINT; DECLARE o_left BIGINT;
  DECLARE o_now BIGINT; DECLARE o_queued TINYINT; DECLARE o_told_client {id}; DECLARE o_told_owner {id};
)";

/// A row that is free, and for which nobody waits, is left as the uncontended statements want it.
constexpr std::string_view turn_tail = R"(
  IF v_changed AND v_owner IS NULL AND NOT v_queued THEN
    UPDATE {lease} SET owner = {nobody}, token = GREATEST(token, last), last = token WHERE name = p_name;
  END IF;
  COMMIT;
  SELECT o_verdict, o_token, o_position, o_left, o_now, o_queued, o_told_client, o_told_owner;
END)";

/// Forgets free rows whose tokens the clock has left behind by p_margin, among the next p_rows names, and waiters that
/// nobody asked after for long. A step of the clock that the caller saw, or can't rule out, does not count. Passes over what others have locked, and does nothing while another client cleans.
/// Answers how many rows are forgotten, and whether there are names behind those that it looked at.
constexpr std::string_view clean_head = R"(CREATE PROCEDURE {if_missing}{clean_routine}(
  IN p_latest BIGINT, IN p_patience BIGINT, IN p_margin BIGINT, IN p_rows INT, IN p_from {name})
SQL SECURITY INVOKER
BEGIN
  DECLARE v_done TINYINT DEFAULT 0;
  DECLARE v_from, v_to, v_name {name};
  DECLARE v_next {name} DEFAULT '';
  DECLARE v_skip, v_gone INT DEFAULT 0;
  DECLARE v_now BIGINT DEFAULT LEAST({now}, p_latest) - p_patience;
  DECLARE idle CURSOR FOR SELECT name FROM {lease}
    WHERE name > v_from AND name <= v_to AND GREATEST(last, token) < v_now - p_margin AND queued = 0
      AND ({owner} IS NULL OR expires < v_now - GREATEST(p_margin, {unreleased_margin})) FOR UPDATE SKIP LOCKED;
  DECLARE left_behind CURSOR FOR SELECT DISTINCT name FROM {waiter} WHERE seen < v_now - {abandoned_after} LIMIT 50;
  DECLARE CONTINUE HANDLER FOR NOT FOUND SET v_done = 1;
)";

constexpr std::string_view clean_body = R"(
  START TRANSACTION;
  IF p_from IS NULL THEN
    SELECT cleaned INTO v_from FROM {state} WHERE id = 1 FOR UPDATE SKIP LOCKED;
  ELSE
    SELECT p_from INTO v_from FROM {state} WHERE id = 1 FOR UPDATE;
  END IF;
  IF v_from IS NOT NULL THEN
    SET v_skip = GREATEST(p_rows, 1) - 1;
    SELECT name INTO v_to FROM {lease} WHERE name > v_from ORDER BY name LIMIT v_skip, 1;
    IF v_to IS NULL THEN
      SELECT MAX(name) INTO v_to FROM {lease};
    ELSE
      SET v_next = v_to;
    END IF;
    UPDATE {state} SET cleaned = v_next WHERE id = 1;
    SET v_done = 0;
    OPEN idle;
    each_row: LOOP
      FETCH idle INTO v_name;
      IF v_done THEN LEAVE each_row; END IF;
      DELETE FROM {lease} WHERE name = v_name;
      SET v_gone = v_gone + 1;
    END LOOP;
    CLOSE idle;
    IF v_gone > 0 THEN
      UPDATE {state} SET floor_token = GREATEST(floor_token, v_now - p_margin) WHERE id = 1;
    END IF;
    SET v_done = 0;
    OPEN left_behind;
    each_queue: LOOP
      FETCH left_behind INTO v_name;
      IF v_done THEN LEAVE each_queue; END IF;
      SELECT COUNT(*) INTO v_skip FROM {lease} WHERE name = v_name FOR UPDATE SKIP LOCKED;
      IF v_skip = 1 THEN
        DELETE FROM {waiter} WHERE name = v_name AND seen < v_now - {abandoned_after};
        UPDATE {lease} SET queued = EXISTS(SELECT 1 FROM {waiter} WHERE name = v_name) WHERE name = v_name;
      END IF;
    END LOOP;
    CLOSE left_behind;
  END IF;
  COMMIT;
  SELECT v_gone, v_next;
END)";

std::string layout_row() {
  return "INSERT INTO {state} VALUES (1, " + std::to_string(schema_layout) +
         ", 0, '') ON DUPLICATE KEY UPDATE id = VALUES(id)";
}

/// Empty parts are left out.
std::vector<std::string> parted(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const auto end = std::min(text.find(';'), text.size());
    const auto part = text.substr(0, end);
    const auto first = part.find_first_not_of(" \n");
    if (first != part.npos) parts.emplace_back(part.substr(first));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

}  // namespace

sql::dialect dialect_of(const sql::table_names& names) {
  // - `address` is the client that a hand-off is for, where `claimed` is 0. No uncontended statement changes either.
  // - A free row's owner is {nobody} rather than NULL when nobody waits: so the row keeps its size, and InnoDB changes
  //   it where it lies. It also says that no hand-off awaits its claim and that `last` is no more than `token`, so that
  //   who takes the row need not ask for that. The shared text reads it as NULL, and never writes it.
  sql::dialect made{{
      {"let", "SET "},
      {"be", "="},
      {"now", "TIMESTAMPDIFF(MICROSECOND, TIMESTAMP'1970-01-01 00:00:00', UTC_TIMESTAMP(6))"},
      {"nobody", "X'00000000000000000000000000000000'"},
      {"owner", "NULLIF(owner, {nobody})"},
      {"owner_of_l", "NULLIF(l.owner, {nobody})"},
      {"find_row",
       "SELECT {owner}, token, last, expires, renewed, since, claimed, queued, party"
       " INTO v_owner, v_token, v_last, v_expires, v_renewed, v_since, v_claimed, v_queued, v_party"
       " FROM {lease} WHERE name = p_name FOR UPDATE;"},
      {"declare", "DECLARE"},
      {"id", "BINARY(16)"},
      {"name", "VARBINARY(255)"},
      {"blob", "BLOB"},
      {"bool", "TINYINT"},
      {"number", "BIGINT"},
      {"ticket", "BIGINT NOT NULL AUTO_INCREMENT UNIQUE"},
      {"lease_extra", ",\n  address BINARY(16), KEY handed_off (address, claimed)"},
      {"waiter_extra", ", KEY of_client (client)"},
      {"lease_options", "ENGINE = InnoDB"},
      {"waiter_options", "ENGINE = InnoDB"},
      {"state_options", "ENGINE = InnoDB"},
      {"make_row",
       "INSERT INTO {lease}(name, token, last, expires, renewed, since, claimed, queued)\n"
       "      SELECT p_name, 0, floor_token, 0, 0, 0, 1, 0 FROM {state} WHERE id = 1\n"
       "      ON DUPLICATE KEY UPDATE queued = {lease}.queued;"},
      {"tell",
       "UPDATE {lease} SET address = w_client WHERE name = p_name;\n"
       "          SET o_told_client = w_client, o_told_owner = w_owner;"},
      {"refuse_token", "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'holdfast: the next token would be 2^53 or more';"},
      {"abandoned_after", std::to_string(sql::in_us(abandoned_after))},
      {"unreleased_margin", std::to_string(sql::in_us(unreleased_margin))},
      // Comments to servers that don't know it. MariaDB takes the first for one, whatever its number.
      {"if_missing", "/*!80029 IF NOT EXISTS */ /*M! IF NOT EXISTS */ "},
      {"turn_routine", names.with("_turn")},
      {"clean_routine", names.with("_clean")},
  }};
  sql::define_common(made, names);
  return made;
}

std::vector<std::string> schema_statements(const sql::table_names& names) {
  const auto spelling = dialect_of(names);
  std::vector<std::string> made;
  for (const auto& each : parted(sql::table_definitions)) made.push_back(spelling.spell(each));
  std::string turn{turn_head};
  turn.append(sql::turn_variables).append(undo_on_error).append("  START TRANSACTION;").append(sql::turn_body);
  made.push_back(spelling.spell(turn.append(turn_tail)));
  std::string clean{clean_head};
  made.push_back(spelling.spell(clean.append(undo_on_error).append(clean_body)));
  made.push_back(spelling.spell(layout_row()));  // Last: whoever finds it finds all.
  return made;
}

std::string schema_script(const sql::table_names& names) {
  std::string script =
      "-- holdfast's tables and procedures, for the command mysql or mariadb. Its clients need SELECT, INSERT,\n"
      "-- UPDATE, DELETE and EXECUTE on them.\nDELIMITER //\n";
  for (const auto& each : schema_statements(names)) script.append(each).append(" //\n");
  return script.append("DELIMITER ;\n");
}

namespace {

/// Of all that make these tables one goes first. Kept for the whole server by the session that has it.
class maker_lock {
 public:
  maker_lock(connection& on, const sql::table_names& names, time_point by)
      : on_{on}, by_{by}, name_{"." + names.schema + "." + names.table} {
    static const std::string take = "SELECT COALESCE(GET_LOCK(" + lock_name + ", ?), 0)";
    const auto left = std::chrono::duration_cast<std::chrono::seconds>(by - boot_clock::now()).count();
    const auto got = on.run(take, {argument{name_}, argument{std::int64_t{left}}}, by);
    if (got.rows.at(0).at(0).number != 1)
      throw failure{{errc::unavailable, on.shown() + ": another client was making holdfast's tables all the time"}};
  }
  ~maker_lock() {
    static const std::string give_back = "SELECT RELEASE_LOCK(" + lock_name + ")";
    try {
      if (!on_.spoilt()) on_.run(give_back, {argument{name_}}, by_);
    } catch (const std::exception&) {
      on_.spoil();  // Its end is the lock's.
    }
  }
  maker_lock(const maker_lock&) = delete;
  maker_lock& operator=(const maker_lock&) = delete;

 private:
  static inline const std::string lock_name = "CONCAT('holdfast.', SHA1(CONCAT(DATABASE(), ?)))";
  connection& on_;
  const time_point by_;
  const std::string name_;
};

}  // namespace

void make_schema(connection& on, const sql::table_names& names, time_point by) {
  const maker_lock alone{on, names, by};
  for (const auto& each : schema_statements(names)) {
    try {
      on.run_text(each, by);
    } catch (const failure& why) {
      if (why.mends != failure::remedy::is_there) throw;
    }
  }
}

}  // namespace holdfast::mysql
