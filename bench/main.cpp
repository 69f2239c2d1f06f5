#include <cstring>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

#include "benches.hpp"

namespace {

using namespace holdfast::bench;

constexpr const char* usage =
    R"(usage: holdfast_bench pair|run|turns|leases... [--quick] [--json FILE] [--folder DIR] [--command PATH] [--no-heading]

  pair     lock+unlock over the embedded store / two bare prepared transactions
  run      `holdfast run k -- true` / `flock FILE true`, and its peak memory
  turns    16 threads of one client / a lock whose every turn goes to the store
  leases   100,000 held leases: the keeper's share of a core, the memory of each

  --quick        few rounds: shows that it runs, measures nothing
  --json FILE    the rows, as JSON
  --folder DIR   where its files go: a folder on a disk, that is there (default: the working directory)
  --command PATH the command holdfast (default: beside this program's folder)
)";

struct bench {
  const char* name;
  std::vector<figure> (*run)(const settings&);
};
constexpr bench benches[] = {
    {"pair", bench_pair}, {"run", bench_run}, {"turns", bench_turns}, {"leases", bench_leases}};

struct arguments {
  settings with;
  std::vector<bench> wanted;
  std::string json;
  bool heading = true;
  bool good = true;
};

arguments read(const std::vector<std::string>& words) {
  arguments given;
  given.with.self = std::filesystem::read_symlink("/proc/self/exe");
  given.with.command = given.with.self.parent_path().parent_path() / "holdfast";
  given.with.folder = std::filesystem::current_path();
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto& word = words[i];
    const auto next = [&] { return ++i < words.size() ? words[i] : (given.good = false, std::string{}); };
    const bench* known = nullptr;
    for (const auto& each : benches)
      if (word == each.name) known = &each;
    if (known != nullptr)
      given.wanted.push_back(*known);
    else if (word == "--quick")
      given.with.quick = true;
    else if (word == "--no-heading")
      given.heading = false;
    else if (word == "--json")
      given.json = next();
    else if (word == "--folder")
      given.with.folder = std::filesystem::absolute(next());
    else if (word == "--command")
      given.with.command = std::filesystem::absolute(next());
    else
      given.good = false;
  }
  return given;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  try {
    if (words.size() == 3 && words[0] == "waiter") return be_waiter(words[1], words[2]);
    const auto given = read(words);
    if (!given.good || given.wanted.empty()) {
      std::cerr << usage;
      return 64;
    }
    if (given.heading) print_heading(std::cout);
    std::vector<figure> all;
    for (const auto& each : given.wanted)
      for (auto& row : each.run(given.with)) {
        print_row(std::cout, row);
        all.push_back(std::move(row));
      }
    if (!given.json.empty()) {
      std::ofstream out{given.json};
      print_json(out, all);
      if (!out.flush()) throw std::runtime_error{"cannot write " + given.json};
    }
    return 0;
  } catch (const std::exception& why) {
    std::cerr << "holdfast_bench: " << why.what() << "\n";
    return 1;
  }
}
