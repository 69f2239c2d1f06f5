#include "paired.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace holdfast::bench {

double seconds_of(const std::function<void()>& body) {
  const auto start = std::chrono::steady_clock::now();
  body();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double median_of(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

void paired::add(double subject, double floor) {
  subjects_.push_back(subject);
  floors_.push_back(floor);
  ratios_.push_back(subject / floor);
}

figure paired::ratios(std::string name, figure::goal_kind wants, double goal) const {
  figure row;
  row.name = std::move(name);
  row.unit = "x";
  row.wants = wants;
  row.goal = goal;
  if (ratios_.empty()) return row;
  row.median = median_of(ratios_);
  const auto [least, most] = std::minmax_element(ratios_.begin(), ratios_.end());
  row.least = *least;
  row.most = *most;
  return row;
}

paired interleave(int rounds, const std::function<void()>& subject, const std::function<void()>& floor) {
  paired result;
  subject();
  floor();
  for (int i = 0; i < rounds; ++i) {
    const bool subject_first = i % 2 == 0;
    const double first = seconds_of(subject_first ? subject : floor);
    const double second = seconds_of(subject_first ? floor : subject);
    if (subject_first)
      result.add(first, second);
    else
      result.add(second, first);
  }
  return result;
}

}  // namespace holdfast::bench
