#include <cstdlib>
#include <exception>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

#include "etcd_benches.hpp"

namespace {

using namespace holdfast::bench;

constexpr const char* usage =
    R"(usage: holdfast_bench_etcd [pair|handoff|leases...] [--quick] [--json FILE] [--folder DIR] [--no-heading]

Measures against a server that it starts itself, with its data in memory. Without a name, all of it.
)";

struct bench {
  const char* name;
  std::vector<figure> (*run)(const etcd_settings&);
};
constexpr bench benches[] = {{"pair", bench_etcd_pair}, {"handoff", bench_etcd_handoff}, {"leases", bench_etcd_leases}};

}  // namespace

int main(int argc, char** argv) {
  bool quick = false;
  bool heading = true;
  std::string json;
  std::vector<bench> wanted;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const auto known = wanted.size();
    for (const auto& each : benches)
      if (word == each.name) wanted.push_back(each);
    if (wanted.size() != known) continue;
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
  // The server has next to nothing in it, so that its collector, which runs whenever the heap has doubled, would run all
  // the time and be what the slowest one in fifty shows. With a store's worth of data it runs about this seldom.
  ::setenv("GOGC", "800", 0);
  if (wanted.empty()) wanted.assign(std::begin(benches), std::end(benches));
  try {
    if (heading) print_heading(std::cout);
    std::vector<figure> all;
    for (const auto& each : wanted) {
      holdfast::testing::etcd_cluster server;
      for (auto& row : each.run({.quick = quick, .server = server})) {
        print_row(std::cout, row);
        std::cout.flush();
        all.push_back(std::move(row));
      }
    }
    if (!json.empty()) {
      std::ofstream out{json};
      print_json(out, all);
      if (!out.flush()) throw std::runtime_error{"cannot write " + json};
    }
    return 0;
  } catch (const std::exception& why) {
    std::cerr << "holdfast_bench_etcd: " << why.what() << "\n";
    return 1;
  }
}
