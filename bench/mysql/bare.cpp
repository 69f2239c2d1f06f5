#include "bare.hpp"

#include <stdexcept>

namespace holdfast::bench::mysql {
namespace {

void bind(MYSQL_BIND& to, const std::string& bytes) {
  to.buffer_type = MYSQL_TYPE_BLOB;
  to.buffer = const_cast<char*>(bytes.data());
  to.buffer_length = bytes.size();
}

void bind(MYSQL_BIND& to, long long& number) {
  to.buffer_type = MYSQL_TYPE_LONGLONG;
  to.buffer = &number;
}

}  // namespace

bare::bare(const testing::mariadb_server& server, const std::string& database, const std::string& name) : name_{name} {
  mysql_init(&handle_);
  const unsigned protocol = MYSQL_PROTOCOL_TCP;
  mysql_optionsv(&handle_, MYSQL_OPT_PROTOCOL, &protocol);
  if (mysql_real_connect(&handle_, "127.0.0.1", testing::mariadb_server::user, testing::mariadb_server::password,
                         database.c_str(), static_cast<unsigned>(server.port()), nullptr, 0) == nullptr)
    fail(mysql_error(&handle_));
  run_text("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED");
  run_text(
      "CREATE TABLE IF NOT EXISTS bare (name VARBINARY(255) PRIMARY KEY, owner BINARY(16), token BIGINT NOT NULL, "
      "expires BIGINT NOT NULL, since BIGINT NOT NULL, party BLOB) ENGINE = InnoDB");
  run_text("REPLACE INTO bare VALUES ('" + name + "', NULL, 0, 0, 0, NULL)");
  take_ = prepared("UPDATE bare SET owner = ?, token = ?, expires = ?, since = ?, party = ? WHERE name = ?");
  free_ = prepared("UPDATE bare SET owner = NULL, token = ? WHERE name = ?");
}

bare::~bare() {
  mysql_stmt_close(take_);
  mysql_stmt_close(free_);
  mysql_close(&handle_);
}

void bare::take_and_free() {
  ++number_;
  MYSQL_BIND take[6] = {};
  bind(take[0], owner_);
  bind(take[1], number_);
  bind(take[2], number_);
  bind(take[3], number_);
  bind(take[4], party_);
  bind(take[5], name_);
  mysql_stmt_bind_param(take_, take);
  if (mysql_stmt_execute(take_) != 0) fail(mysql_stmt_error(take_));
  ++number_;
  MYSQL_BIND free[2] = {};
  bind(free[0], number_);
  bind(free[1], name_);
  mysql_stmt_bind_param(free_, free);
  if (mysql_stmt_execute(free_) != 0) fail(mysql_stmt_error(free_));
}

void bare::run_text(const std::string& text) {
  if (mysql_real_query(&handle_, text.data(), text.size()) != 0) fail(mysql_error(&handle_));
}

MYSQL_STMT* bare::prepared(const std::string& text) {
  MYSQL_STMT* const made = mysql_stmt_init(&handle_);
  if (mysql_stmt_prepare(made, text.data(), text.size()) != 0) fail(mysql_stmt_error(made));
  return made;
}

void bare::fail(const char* why) const { throw std::runtime_error{std::string{"the bare client: "} + why}; }

}  // namespace holdfast::bench::mysql
