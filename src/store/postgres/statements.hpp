#pragma once

#include "store/postgres/message.hpp"
#include "store/sql/dialect.hpp"

namespace holdfast::postgres {

/// The statements of the store, for one set of tables. Where a statement takes the clock's bounds they come first:
/// $1 latest, $2 patience, $3 stepped.
struct statements {
  explicit statements(const sql::table_names& names);

  /// The whole of an uncontended acquire: takes a row that is free and has no queue.
  /// $1 name, $2 owner, $3 reserve, $4 ttl, $5 party -> token, now
  statement take;
  /// The same with a token of the client's, none reserved. $1 name, $2 owner, $3 ttl, $4 party, $5 token -> (changes a row)
  statement take_as;
  /// The whole of an uncontended release. $1 name, $2 owner, $3 highest token used -> (changes a row)
  statement free;
  /// The claim of a hand-off that stands. $1 name, $2 owner, $3 ttl, $4 party -> token, now
  statement take_up;
  /// The routine: its 11 parameters -> its 6 results
  statement turn;
  /// A release where somebody may wait. $4 name, $5 owner, $6 highest token used -> a turn_verdict
  statement pass;
  /// $4 names, $5 owners, $6 ttls -> for each, by its number: renewed, there in the snapshot; now
  statement renew;
  /// $4 name, $5 owner, $6 ttl, $7 how many ms to wait for the row -> now
  statement renew_one;
  /// $4 names, $5 owners -> for each, by its number: a turn_verdict (`nothing`: there is something to do); now
  statement beat;
  /// $4 name -> as list
  statement inspect;
  /// $4 prefix, $5 cursor, $6 below (or NULL), $7 limit -> name, owner, token, last, expires, since, claimed, queued,
  /// party, now
  statement list;
  /// $4 names -> name, owner, seen, since, party
  statement waiters;
  /// $4 from (or NULL), $5 rows, $6 margin -> mine, deleted, next
  statement clean;
  /// $1 process, $2 when its session had begun -> whether it is gone
  statement terminate;
  /// -> whether the server is a replica, the layout's number
  statement check;
};

}  // namespace holdfast::postgres
