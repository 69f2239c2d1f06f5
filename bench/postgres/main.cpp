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

Against a server of its own on one CPU with the client, with fsync off, where a row does not say else; the floor is two
bare prepared updates on one connection. --folder is taken for the sake of scripts/bench.
)";

struct bench {
  const char* name;
  std::vector<figure> (*run)(server&, bool quick);
};
constexpr bench benches[] = {
    {"pair", bench_pair}, {"threads", bench_threads}, {"handoff", bench_hand_off}, {"renewal", bench_renewal}};

}  // namespace

holdfast::bench::server::options holdfast::bench::server_settings(bool durable) {
  server::options made;
  made.settings = {"shared_buffers=128MB"};
  if (durable)
    made.settings.insert(made.settings.end(), {"fsync=on", "full_page_writes=on"});
  else
    made.settings.emplace_back("shared_preload_libraries=pg_stat_statements");
  return made;
}

std::vector<holdfast::bench::figure> holdfast::bench::in_each_arrangement(server& on, bool quick, measurement run) {
  std::vector<figure> rows;
  for (const auto& how : arrangements) {
    const auto durable = how.durable ? std::make_unique<server>(server_settings(true)) : nullptr;
    // What the client starts inherits this thread's CPU.
    const pinned client_cpu{how.apart ? 0 : -1};
    for (auto& row : run(durable ? *durable : on, how, quick)) rows.push_back(std::move(row));
  }
  return rows;
}

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
    server on{server_settings(false)};
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
