#include "program.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <exception>
#include <fstream>
#include <iostream>
#include <stdexcept>

namespace holdfast::bench {
namespace {

constexpr int exit_usage = 64;

struct arguments {
  bench_options with;
  std::vector<std::string> names;
  std::filesystem::path json;
  bool no_heading = false;

  [[nodiscard]] bool want(const std::string& name) const {
    return names.empty() || std::find(names.begin(), names.end(), name) != names.end();
  }
};

void write_json(const std::filesystem::path& file, const std::vector<figure>& all) {
  std::ofstream out{file};
  print_json(out, all);
  if (!out.flush()) throw std::runtime_error{"cannot write " + file.string()};
}

void measure(const arguments& given, const std::vector<named_bench>& benches) {
  if (!given.no_heading) print_heading(std::cout);
  std::vector<figure> all;
  for (const auto& each : benches) {
    if (!given.want(each.name)) continue;
    for (auto& row : each.run(given.with)) {
      print_row(std::cout, row);
      all.push_back(std::move(row));
    }
  }
  if (!given.json.empty()) write_json(given.json, all);
}

std::string list_of(const std::vector<named_bench>& benches) {
  std::string text;
  for (const auto& each : benches)
    text.append("\n  " + each.name).append(10 - each.name.size(), ' ').append(each.about);
  return text;
}

}  // namespace

int run_benches(const std::string& about, const std::vector<named_bench>& benches, int argc, char** argv,
                const std::function<void(CLI::App&)>& more) {
  arguments given{.with = {.folder = std::filesystem::current_path()}};
  std::vector<std::string> known;
  for (const auto& each : benches) known.push_back(each.name);

  CLI::App program{about + "\n" + list_of(benches)};
  program.add_option("BENCH", given.names, "Which (default: all)")->check(CLI::IsMember{known});
  program.add_flag("--quick", given.with.quick, "Few rounds: shows that it runs, measures nothing");
  program.add_flag("--no-heading", given.no_heading, "Rows alone");
  program.add_option("--json", given.json, "Where the rows go as JSON");
  program
      .add_option("--folder", given.with.folder, "Where files go: a folder on a disk (default: the working directory)")
      ->check(CLI::ExistingDirectory);
  if (more) more(program);
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& why) {
    return program.exit(why) == 0 ? 0 : exit_usage;
  }
  try {
    given.with.folder = std::filesystem::absolute(given.with.folder);
    measure(given, benches);
    return 0;
  } catch (const std::exception& why) {
    std::cerr << std::filesystem::path{argv[0]}.filename().string() << ": " << why.what() << "\n";
    return 1;
  }
}

}  // namespace holdfast::bench
