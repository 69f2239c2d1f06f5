#include "figure.hpp"

#include <cstdio>

namespace holdfast::bench {
namespace {

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, value < 100 ? "%.2f" : "%.0f", value);
  return text;
}

std::string goal_of(const figure& what) {
  return (what.wants == figure::goal_kind::at_most ? "<= " : ">= ") + number(what.goal) + " " + what.unit;
}

}  // namespace

void print_heading(std::ostream& out) {
  char line[160];
  std::snprintf(line, sizeof line, "%-44s %10s %10s %10s   %-12s %s\n", "figure", "median", "min", "max", "goal",
                "met");
  out << line;
}

void print_row(std::ostream& out, const figure& what) {
  char line[240];
  std::snprintf(line, sizeof line, "%-44s %10s %10s %10s   %-12s %s\n", what.name.c_str(),
                (number(what.median) + " " + what.unit).c_str(), number(what.least).c_str(), number(what.most).c_str(),
                goal_of(what).c_str(), what.met() ? "yes" : "NO");
  out << line;
  if (!what.detail.empty()) out << "  " << what.detail << "\n";
  out.flush();
}

// The texts are this program's own: nothing in them needs escaping.
void print_json(std::ostream& out, const std::vector<figure>& all) {
  out << "[";
  const char* before = "\n";
  for (const auto& each : all) {
    out << before << R"(  {"figure": ")" << each.name << R"(", "unit": ")" << each.unit << R"(", "median": )"
        << each.median << R"(, "min": )" << each.least << R"(, "max": )" << each.most << R"(, "goal": ")"
        << goal_of(each) << R"(", "met": )" << (each.met() ? "true" : "false") << R"(, "detail": ")" << each.detail
        << "\"}";
    before = ",\n";
  }
  out << "\n]\n";
}

}  // namespace holdfast::bench
