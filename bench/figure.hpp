#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

namespace holdfast::bench {

/// One row of the table: what was measured, its middle and ends, and what it is to be.
struct figure {
  enum class goal_kind : std::uint8_t { at_most, at_least };

  std::string name;
  std::string unit;  ///< "x" for a ratio.
  double median = 0;
  double least = 0;
  double most = 0;
  goal_kind wants = goal_kind::at_most;
  double goal = 0;
  std::string detail;  ///< The plain figures behind it.

  [[nodiscard]] bool met() const noexcept { return wants == goal_kind::at_most ? median <= goal : median >= goal; }
};

void print_heading(std::ostream& out);
void print_row(std::ostream& out, const figure& what);
void print_json(std::ostream& out, const std::vector<figure>& all);

}  // namespace holdfast::bench
