#include <exception>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "benches.hpp"
#include "machine.hpp"

namespace {

using namespace holdfast::bench;

constexpr const char* usage =
    R"(usage: holdfast_bench_postgres [pair|threads|handoff|renewal...] [--quick] [--json FILE] [--folder DIR] [--no-heading]

Against a server of its own (fsync off) on one CPU with the client; the floor is two bare prepared updates on one
connection. --folder is taken for the sake of scripts/bench.
)";

struct bench {
  const char* name;
  std::vector<figure> (*run)(server&, bool quick);
};
constexpr bench benches[] = {
    {"pair", bench_pair}, {"threads", bench_threads}, {"handoff", bench_hand_off}, {"renewal", bench_renewal}};

}  // namespace

int main(int argc, char** argv) {
  bool quick = false;
  bool heading = true;
  std::string json;
  std::vector<bench> wanted;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    bool known = false;
    for (const auto& each : benches)
      if (word == each.name) {
        wanted.push_back(each);
        known = true;
      }
    if (known) continue;
    if (word == "--quick") {
      quick = true;
    } else if (word == "--no-heading") {
      heading = false;
    } else if ((word == "--json" || word == "--folder") && i + 1 < argc) {
      ++i;
      if (word == "--json") json = argv[i];
    } else {
      std::cerr << usage;
      return 64;
    }
  }
  if (wanted.empty()) wanted.assign(std::begin(benches), std::end(benches));
  try {
    if (heading) print_heading(std::cout);
    std::vector<figure> all;
    // The server inherits the CPU.
    const pinned one_cpu;
    server on{{.settings = {"shared_preload_libraries=pg_stat_statements", "shared_buffers=128MB"},
               .environment = {},
               .data_folder = {}}};
    for (const auto& each : wanted)
      for (auto& row : each.run(on, quick)) {
        print_row(std::cout, row);
        all.push_back(std::move(row));
      }
    if (!json.empty()) {
      std::ofstream file{json};
      print_json(file, all);
    }
    return 0;
  } catch (const std::exception& fault) {
    std::cerr << "holdfast_bench_postgres: " << fault.what() << "\n";
    return 70;
  }
}
