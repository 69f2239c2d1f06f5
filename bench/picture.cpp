// holdfast_bench_picture OUT.svg ROWS.json...: the benches' rows as a picture. Each bar is a figure beside its goal, which
// is the same line for all; the thin line spans from the least to the most that was seen.
#include <algorithm>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

struct row {
  std::string name, unit, goal;
  double median = 0, least = 0, most = 0, limit = 0;
  bool met = false;
};

constexpr double row_height = 26;
constexpr double names_width = 430;
constexpr double goal_width = 260;  ///< From nothing to the goal.
constexpr double most_goals = 2.2;  ///< What is more than that is cut off.
constexpr double figures_width = 190;

std::vector<row> rows_of(const std::string& file) {
  std::ifstream in{file};
  if (!in) throw std::runtime_error{"cannot read " + file};
  std::vector<row> rows;
  for (const auto& each : nlohmann::json::parse(in)) {
    row made{.name = each.at("figure"), .unit = each.at("unit"), .goal = each.at("goal")};
    made.median = each.at("median");
    made.least = each.at("min");
    made.most = each.at("max");
    made.met = each.at("met");
    made.limit = std::strtod(made.goal.c_str() + std::min<std::size_t>(3, made.goal.size()), nullptr);
    rows.push_back(std::move(made));
  }
  return rows;
}

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else
      out += c;
  }
  return out;
}

std::string shown(double value) {
  std::ostringstream text;
  text.precision(3);
  text << value;
  return text.str();
}

double at(double value, const row& of) {
  const double goals = of.limit > 0 ? value / of.limit : 0;
  return names_width + goal_width * std::clamp(goals, 0.0, most_goals);
}

void draw(std::ostream& out, const row& what, double top) {
  const double middle = top + row_height / 2;
  const char* const colour = what.met ? "#2e7d32" : "#c62828";
  out << "<text x='" << names_width - 10 << "' y='" << middle + 4 << "' text-anchor='end'>" << escaped(what.name)
      << "</text>\n<rect x='" << names_width << "' y='" << top + 6 << "' width='" << at(what.median, what) - names_width
      << "' height='" << row_height - 12 << "' fill='" << colour << "' opacity='0.75'/>\n<line x1='"
      << at(what.least, what) << "' x2='" << at(what.most, what) << "' y1='" << middle << "' y2='" << middle
      << "' stroke='#222' stroke-width='1.5'/>\n<text x='" << names_width + goal_width * most_goals + 12 << "' y='"
      << middle + 4 << "'>" << shown(what.median) << ' ' << escaped(what.unit) << " (" << escaped(what.goal)
      << ")</text>\n";
}

void draw_all(std::ostream& out, const std::vector<row>& rows) {
  const double width = names_width + goal_width * most_goals + figures_width;
  const double height = row_height * (static_cast<double>(rows.size()) + 2);
  const double goal = names_width + goal_width;
  out << "<svg xmlns='http://www.w3.org/2000/svg' width='" << width << "' height='" << height
      << "' font-family='sans-serif' font-size='12'>\n<rect width='100%' height='100%' fill='white'/>\n<text x='"
      << goal << "' y='18' text-anchor='middle' font-weight='bold'>goal</text>\n";
  double top = row_height;
  for (const auto& each : rows) {
    draw(out, each, top);
    top += row_height;
  }
  out << "<line x1='" << goal << "' x2='" << goal << "' y1='24' y2='" << top
      << "' stroke='#222' stroke-dasharray='4 3'/>\n</svg>\n";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "usage: holdfast_bench_picture OUT.svg ROWS.json...\n";
    return 64;
  }
  try {
    std::vector<row> rows;
    for (int i = 2; i < argc; ++i)
      for (auto& each : rows_of(argv[i])) rows.push_back(std::move(each));
    std::ofstream out{argv[1]};
    draw_all(out, rows);
    if (!out.flush()) throw std::runtime_error{std::string{"cannot write "} + argv[1]};
    return 0;
  } catch (const std::exception& why) {
    std::cerr << "holdfast_bench_picture: " << why.what() << "\n";
    return 1;
  }
}
