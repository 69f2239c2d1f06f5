#pragma once

#include <span>

#include "holdfast/inspection.hpp"
#include "store/sql/clock_watch.hpp"
#include "store/sql/row.hpp"

namespace holdfast::sql {

/// What `inspect` and `list` show of a row and its queue (in order), at `now_us`.
resource_view view_of(const lease_row& row, std::span<const waiter_row> queue, std::int64_t now_us);

/// The smallest string above all that start with `prefix`; empty if there is none.
std::string above(std::string_view prefix);

}  // namespace holdfast::sql
