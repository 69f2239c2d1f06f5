#include "store/mysql/errors.hpp"

#include <mysql.h>

#include <errmsg.h>
#include <mysqld_error.h>

namespace holdfast::mysql {
namespace {

/// Errors that the vendor's header does not name, or that only one of the two servers has.
constexpr unsigned er_connection_killed = 1927;
constexpr unsigned er_no_such_key = 1176;
constexpr unsigned er_read_only_mode = 1836;
constexpr unsigned er_access_denied_no_password = 1698;
constexpr unsigned er_binlog_statement_only = 1665;
constexpr unsigned er_secure_transport_required = 3159;
constexpr unsigned er_account_locked_mysql = 3118;
constexpr unsigned er_account_locked_mariadb = 4151;
constexpr unsigned er_statement_timeout_mariadb = 1969;
constexpr unsigned er_query_timeout_mysql = 3024;

constexpr const char* rights =
    "; its user needs SELECT, INSERT, UPDATE, DELETE and EXECUTE on the database, and CREATE, INDEX and CREATE ROUTINE "
    "once, unless somebody else applies what `holdfast schema` prints";

/// Its own numbers begin at 2000, and at 5000 those that MariaDB added.
bool is_client_library(unsigned code) { return (code >= CR_MIN_ERROR && code < 3000) || (code >= 5000 && code < 6000); }

/// The server passes the system's "no space left" through as the number of an error of its storage engine.
bool is_disk_full(unsigned code, const std::string& text) {
  constexpr const char* no_space = "error 28 ";
  return (code == ER_GET_ERRNO || code == ER_ERROR_ON_WRITE) && text.find(no_space) != std::string::npos;
}

}  // namespace

failure explain(unsigned code, const std::string& text, const std::string& shown) {
  const std::string said = " (" + text + ", error " + std::to_string(code) + ")";
  switch (code) {
    case ER_LOCK_DEADLOCK:
    case ER_LOCK_WAIT_TIMEOUT:
      return failure{{errc::unavailable, shown + ": another transaction kept a row locked" + said},
                     false,
                     false,
                     code == ER_LOCK_DEADLOCK ? failure::remedy::again : failure::remedy::wait_again};
    case ER_NEED_REPREPARE:
    case ER_UNKNOWN_STMT_HANDLER:
      return failure{{errc::unavailable, shown + ": the tables changed" + said}, false, true, failure::remedy::again};
    case ER_NO_SUCH_TABLE:
    case ER_SP_DOES_NOT_EXIST:
      return failure{{errc::misconfigured, shown + ": holdfast's tables or procedures are missing" + said},
                     false,
                     false,
                     failure::remedy::make_tables};
    case ER_NO_SUCH_THREAD:
    case ER_KILL_DENIED_ERROR:
      return failure{{errc::unavailable, shown + ": the old connection can't be ended" + said}};
    case ER_SP_ALREADY_EXISTS:
      return failure{
          {errc::misconfigured, shown + ": it is there already" + said}, false, false, failure::remedy::is_there};
    case ER_OPTION_PREVENTS_STATEMENT:
    case er_read_only_mode:
    case ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION:
      return failure{
          {errc::unavailable, shown + ": the server refuses writes; locks need the primary, not a replica" + said},
          false,
          true};
    case ER_RECORD_FILE_FULL:
    case ER_DISK_FULL:
    case ER_OUT_OF_RESOURCES:
    case ER_OUTOFMEMORY:
      return failure{{errc::unavailable, shown + ": the server has no room left; make room on its disk" + said}};
    case ER_TABLEACCESS_DENIED_ERROR:
    case ER_COLUMNACCESS_DENIED_ERROR:
    case ER_DBACCESS_DENIED_ERROR:
    case ER_PROCACCESS_DENIED_ERROR:
    case ER_SPECIFIC_ACCESS_DENIED_ERROR:
      return failure{{errc::not_authorised, shown + ": not allowed" + said + rights}, false, true};
    case er_binlog_statement_only:
      return failure{{errc::misconfigured, shown + ": set the server's binlog_format to ROW or MIXED" + said}};
    case ER_MAX_PREPARED_STMT_COUNT_REACHED:
      return failure{{errc::unavailable, shown + ": raise the server's max_prepared_stmt_count" + said}, false, true};
    case ER_SERVER_SHUTDOWN:
    case ER_NORMAL_SHUTDOWN:
    case er_connection_killed:
    case ER_QUERY_INTERRUPTED:
    case er_statement_timeout_mariadb:
    case er_query_timeout_mysql:
      return failure{{errc::unavailable, shown + ": the server ended the statement" + said}, true, true};
    case ER_ERROR_DURING_COMMIT:
      return failure{{errc::unavailable, shown + ": the server could not commit" + said}, true, true};
    case ER_BAD_DB_ERROR:
      return failure{{errc::misconfigured,
                      shown + ": there is no such database; create it, or name another one by table=" + said}};
    case ER_USER_LIMIT_REACHED:
      return failure{{errc::unavailable, shown + ": the user's share of the server is used up; raise it" + said}};
    case ER_MUST_CHANGE_PASSWORD:
      return failure{
          {errc::not_authorised, shown + ": the user's password ran out; set a new one" + said}, false, true};
    case ER_BAD_FIELD_ERROR:
    case ER_WRONG_VALUE_COUNT_ON_ROW:
    case ER_SP_WRONG_NO_OF_ARGS:
    case er_no_such_key:
    case ER_NON_UPDATABLE_TABLE:
      return failure{{errc::misconfigured,
                      shown + ": the tables or procedures are not those that this version of holdfast makes" + said},
                     false,
                     true};
    default:
      break;
  }
  if (is_disk_full(code, text)) return explain(ER_DISK_FULL, text, shown);
  if (is_client_library(code))
    return failure{{errc::unavailable, shown + ": the connection to the server broke" + said}, true, true};
  return failure{{errc::internal, shown + ": the server refused a statement" + said}, false, true};
}

failure explain_connect(unsigned code, const std::string& text, const std::string& shown) {
  const std::string said = " (" + text + ", error " + std::to_string(code) + ")";
  const auto with = [&](errc how, const std::string& what) {
    return failure{{how, shown + ": " + what + said}, false, true};
  };
  switch (code) {
    case ER_ACCESS_DENIED_ERROR:
    case er_access_denied_no_password:
    case er_account_locked_mysql:
    case er_account_locked_mariadb:
    case ER_MUST_CHANGE_PASSWORD_LOGIN:
      return with(errc::not_authorised, "the server refused the user or the password");
    case ER_DBACCESS_DENIED_ERROR:
      return with(errc::not_authorised, "the user may not use this database");
    case ER_HOST_NOT_PRIVILEGED:
    case ER_HOST_IS_BLOCKED:
      return with(errc::not_authorised, "the server lets nobody in from this host");
    case ER_BAD_DB_ERROR:
      return with(errc::misconfigured, "there is no such database; create it, or name another one in the URL");
    case er_secure_transport_required:
      return with(errc::misconfigured, "the server demands TLS; add ca=FILE or verify=no to the URL");
    case ER_CON_COUNT_ERROR:
    case ER_TOO_MANY_USER_CONNECTIONS:
    case ER_USER_LIMIT_REACHED:
      return with(errc::unavailable, "the server has too many connections; raise its limit, or make pool= smaller");
    case CR_SSL_CONNECTION_ERROR:
      return with(errc::misconfigured, "no TLS connection with this server; look at ca=, cert=, key= and verify=");
    case CR_AUTH_PLUGIN_CANNOT_LOAD:
    case CR_AUTH_PLUGIN_ERR:
      return with(errc::misconfigured, "the server asks for a way to log in that libmariadb lacks");
    case CR_VERSION_ERROR:
    case CR_MALFORMED_PACKET:
    case CR_SERVER_HANDSHAKE_ERR:
      return with(errc::misconfigured, "what answers there is not a MySQL or MariaDB server");
    case CR_UNKNOWN_HOST:
    case CR_CONNECTION_ERROR:
    case CR_CONN_HOST_ERROR:
      return with(errc::unavailable, "the server can't be reached");
    default:
      return with(errc::unavailable, "no connection to the server");
  }
}

failure too_late(const std::string& shown, const std::string& what, bool sent) {
  return failure{{errc::unavailable, shown + ": " + what + " in time"}, sent, true};
}

}  // namespace holdfast::mysql
