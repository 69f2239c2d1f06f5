#include "store/mysql/rows.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>

namespace holdfast::mysql {
namespace {

bool is_number(enum_field_types type) {
  switch (type) {
    case MYSQL_TYPE_TINY:
    case MYSQL_TYPE_SHORT:
    case MYSQL_TYPE_INT24:
    case MYSQL_TYPE_LONG:
    case MYSQL_TYPE_LONGLONG:
    case MYSQL_TYPE_DECIMAL:
    case MYSQL_TYPE_NEWDECIMAL:
      return true;
    default:
      return false;
  }
}

/// Where one column's values arrive.
struct column {
  bool numeric = false;
  std::int64_t number = 0;
  std::vector<char> buffer;
  unsigned long length = 0;
  my_bool null = 0;
  my_bool cut = 0;
};

void bind(column& what, const MYSQL_FIELD& field, MYSQL_BIND& to) {
  constexpr std::size_t usual_length = 512;
  what.numeric = is_number(field.type);
  to.is_null = &what.null;
  to.length = &what.length;
  to.error = &what.cut;
  if (what.numeric) {
    to.buffer_type = MYSQL_TYPE_LONGLONG;
    to.buffer = &what.number;
  } else {
    what.buffer.resize(usual_length);
    to.buffer_type = MYSQL_TYPE_BLOB;
    to.buffer = what.buffer.data();
    to.buffer_length = what.buffer.size();
  }
}

cell taken(MYSQL_STMT* from, unsigned index, const column& what, const MYSQL_BIND& bound) {
  cell made;
  if (what.null != 0) return made;
  made.null = false;
  made.number = what.number;
  if (what.numeric) return made;
  made.bytes.assign(what.buffer.data(), std::min<std::size_t>(what.length, what.buffer.size()));
  if (what.length > what.buffer.size()) {
    made.bytes.resize(what.length);
    MYSQL_BIND whole = bound;
    whole.buffer = made.bytes.data();
    whole.buffer_length = made.bytes.size();
    mysql_stmt_fetch_column(from, &whole, index, 0);
  }
  return made;
}

bool read_result(MYSQL_STMT* from, unsigned count, std::vector<std::vector<cell>>& into) {
  std::unique_ptr<MYSQL_RES, decltype(&mysql_free_result)> fields{mysql_stmt_result_metadata(from), mysql_free_result};
  std::vector<column> columns(count);
  std::vector<MYSQL_BIND> binds(count);
  for (unsigned i = 0; i < count; ++i) bind(columns[i], *mysql_fetch_field_direct(fields.get(), i), binds[i]);
  mysql_stmt_bind_result(from, binds.data());
  if (mysql_stmt_store_result(from) != 0) return false;
  int how = 0;
  while ((how = mysql_stmt_fetch(from)) != MYSQL_NO_DATA) {
    if (how == 1) return false;
    auto& row = into.emplace_back();
    row.reserve(count);
    for (unsigned i = 0; i < count; ++i) row.push_back(taken(from, i, columns[i], binds[i]));
  }
  mysql_stmt_free_result(from);
  return true;
}

}  // namespace

/// A CALL answers with the rows of its SELECT and with a last result without any.
bool read_rows(MYSQL_STMT* from, std::vector<std::vector<cell>>& into) {
  unsigned count = mysql_stmt_field_count(from);
  if (count == 0) return true;
  int more = 0;
  do {
    if (count != 0 && !read_result(from, count, into)) return false;
    more = mysql_stmt_next_result(from);
    count = mysql_stmt_field_count(from);
  } while (more == 0);
  return more < 0;  // -1: there are no more.
}

}  // namespace holdfast::mysql
