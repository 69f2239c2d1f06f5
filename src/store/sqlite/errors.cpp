#include "store/sqlite/errors.hpp"

#include <sqlite3.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

namespace holdfast::sqlite {
namespace {

std::string text_of(int system_errno) { return std::generic_category().message(system_errno); }

bool is_full(int system_errno) noexcept { return system_errno == ENOSPC || system_errno == EDQUOT; }

status disk_full(const std::string& shown) {
  return {errc::unavailable, shown + ": disk full; make room on the database's file system"};
}

}  // namespace

status explain_open(int system_errno, const std::string& path, const std::string& shown) {
  const auto directory = std::filesystem::path{path}.parent_path().string();
  if (is_full(system_errno)) return disk_full(shown);
  switch (system_errno) {
    case EACCES:
      return {errc::not_authorised, shown +
                                        ": permission denied; reading and writing the file, and writing in its "
                                        "directory " +
                                        directory + ", must be allowed"};
    case EROFS:
      return {errc::misconfigured, shown + ": the file system is read-only"};
    case EPERM:
      return {errc::misconfigured, shown + ": the file or its directory " + directory + " is read-only (immutable)"};
    case EISDIR:
      return {errc::misconfigured, shown + ": this is a directory; give the path of a file"};
    case ENOENT:
    case ENOTDIR:
      return {errc::misconfigured,
              shown + ": there is no directory " + directory + "; create it, or give another path"};
    case ENAMETOOLONG:
      return {errc::misconfigured, shown + ": the path is too long"};
    default:
      return {errc::unavailable, shown + ": the file can't be opened: " + text_of(system_errno)};
  }
}

status explain(int code, int system_errno, const std::string& detail, const std::string& shown) {
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
      return {errc::unavailable,
              shown + ": the database is locked by another program, which did not let go in time (" + detail + ")"};
    case SQLITE_FULL:
      return disk_full(shown);
    case SQLITE_IOERR:
      if (is_full(system_errno)) return disk_full(shown);
      return {errc::unavailable, shown + ": " + detail + (system_errno ? ": " + text_of(system_errno) : "")};
    case SQLITE_NOTADB:
      return {errc::misconfigured, shown + ": this file is not a database; give another path"};
    case SQLITE_CORRUPT:
      return {errc::misconfigured,
              shown + ": the database is damaged (" + detail + "); stop what uses it, delete it, and it is made anew"};
    case SQLITE_READONLY:
      return {errc::misconfigured, shown + ": the database is read-only (" + detail + ")"};
    case SQLITE_CANTOPEN:
      return {errc::misconfigured, shown + ": the database, or its files -wal and -shm, can't be opened" +
                                       (system_errno ? ": " + text_of(system_errno) : "")};
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return {errc::not_authorised, shown + ": " + detail};
    case SQLITE_NOMEM:
      return {errc::unavailable, shown + ": out of memory"};
    case SQLITE_ERROR:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
      return {errc::misconfigured, shown + ": another program changed the database's tables (" + detail + ")"};
    default:
      return {errc::internal, shown + ": " + detail + " (SQLite result " + std::to_string(code) + ")"};
  }
}

bool spoils_connection(int code) noexcept {
  switch (code & 0xff) {
    case SQLITE_IOERR:
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_MISUSE:
    case SQLITE_ERROR:
      return true;
    default:
      return false;
  }
}

}  // namespace holdfast::sqlite
