#include <exception>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

#include "benches.hpp"

namespace holdfast::bench::mysql {
namespace {

constexpr const char* usage =
    R"(usage: holdfast_bench_mysql [pair|threads|handoff|waiting|renewal...] [--quick] [--json FILE] [--folder DIR] [--no-heading]
)";

struct bench {
  const char* name;
  std::vector<figure> (*run)(const settings&);
};
constexpr bench benches[] = {{"pair", bench_pair},
                             {"threads", bench_threads},
                             {"handoff", bench_hand_off},
                             {"waiting", bench_waiting},
                             {"renewal", bench_renewal}};

struct arguments {
  settings with;
  std::vector<bench> wanted;
  std::string json;
  bool heading = true;
  bool good = true;
};

arguments read(const std::vector<std::string>& words) {
  arguments given;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto next = [&] { return ++i < words.size() ? words[i] : (given.good = false, std::string{}); };
    const bench* known = nullptr;
    for (const auto& each : benches)
      if (words[i] == each.name) known = &each;
    if (known != nullptr)
      given.wanted.push_back(*known);
    else if (words[i] == "--quick")
      given.with.quick = true;
    else if (words[i] == "--no-heading")
      given.heading = false;
    else if (words[i] == "--json")
      given.json = next();
    else if (words[i] == "--folder")
      static_cast<void>(next());  // The server has a temporary folder: commits do not wait for its disk.
    else
      given.good = false;
  }
  if (given.wanted.empty()) given.wanted.assign(std::begin(benches), std::end(benches));
  return given;
}

int run(const arguments& given) {
  if (given.heading) print_heading(std::cout);
  std::vector<figure> all;
  for (const auto& each : given.wanted)
    for (auto& row : each.run(given.with)) {
      print_row(std::cout, row);
      all.push_back(std::move(row));
    }
  if (given.json.empty()) return 0;
  std::ofstream out{given.json};
  print_json(out, all);
  if (!out.flush()) throw std::runtime_error{"cannot write " + given.json};
  return 0;
}

}  // namespace

testing::mariadb_server::setup server_on(int cpu) {
  testing::mariadb_server::setup made;
  if (cpu >= 0) made.launcher = {"taskset", "-c", std::to_string(cpu)};
  made.options = {"--performance-schema=OFF", "--innodb-buffer-pool-size=128M", "--innodb-log-file-size=96M"};
  return made;
}

}  // namespace holdfast::bench::mysql

int main(int argc, char** argv) {
  using namespace holdfast::bench::mysql;
  try {
    const auto given = read(std::vector<std::string>(argv + 1, argv + argc));
    if (given.good) return run(given);
    std::cerr << usage;
    return 64;
  } catch (const std::exception& why) {
    std::cerr << "holdfast_bench_mysql: " << why.what() << "\n";
    return 1;
  }
}
