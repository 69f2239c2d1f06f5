#pragma once

#include <functional>
#include <string>
#include <vector>

#include "figure.hpp"

namespace holdfast::bench {

/// Seconds that `body` takes.
double seconds_of(const std::function<void()>& body);

double median_of(std::vector<double> values);

/// What was measured in pairs, one right after the other, so that both met the same machine.
class paired {
 public:
  void add(double subject, double floor);

  /// The ratios of subject to floor, as a row.
  [[nodiscard]] figure ratios(std::string name, figure::goal_kind wants, double goal) const;
  [[nodiscard]] double subject() const { return median_of(subjects_); }
  [[nodiscard]] double floor() const { return median_of(floors_); }

 private:
  std::vector<double> subjects_;
  std::vector<double> floors_;
  std::vector<double> ratios_;
};

/// Times `subject` and `floor` in turn, `rounds` times, changing which comes first; after one round that doesn't count.
paired interleave(int rounds, const std::function<void()>& subject, const std::function<void()>& floor);

}  // namespace holdfast::bench
