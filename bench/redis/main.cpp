#include <exception>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

#include "redis/benches.hpp"
#include "redis/crowd.hpp"

namespace {

using namespace holdfast::bench;

constexpr const char* usage =
    R"(usage: holdfast_bench_redis [pair|threads|hand-off|idle|leases|peer...] [--quick] [--json FILE] [--folder DIR] [--no-heading]

  pair      lock+unlock / a bare client that sends the same scripts
  threads   64 threads through one client / 64 bare connections; memory of waiting threads
  hand-off  from unlock in one process to the lock in another; commands for each; fairness
  idle      what waiting clients send
  leases    100,000 held leases: the keeper's share of a core, the server's longest command
  peer      npm's redlock over ioredis (installs it below the build folder; not with --quick)

Without names: all. --quick: few rounds, which measure nothing. --folder: where its files go.
)";

struct bench {
  const char* name;
  std::vector<figure> (*run)(const redis_settings&);
};
constexpr bench benches[] = {{"pair", bench_redis_pair},         {"threads", bench_redis_threads},
                             {"hand-off", bench_redis_hand_off}, {"idle", bench_redis_idle},
                             {"leases", bench_redis_leases},     {"peer", bench_redis_peer}};

struct arguments {
  redis_settings with;
  std::vector<bench> wanted;
  std::string json;
  bool heading = true;
  bool good = true;
};

arguments read(const std::vector<std::string>& words) {
  arguments given;
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
    else
      given.good = false;
  }
  if (given.wanted.empty()) given.wanted.assign(std::begin(benches), std::end(benches));
  return given;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  try {
    if (words.size() == 5 && words[0] == "crowd")
      return be_crowd(words[1], words[2], std::stoul(words[3]), std::stoul(words[4]));
    const auto given = read(words);
    if (!given.good) {
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
    std::cerr << "holdfast_bench_redis: " << why.what() << "\n";
    return 1;
  }
}
