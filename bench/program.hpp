#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "figure.hpp"

namespace CLI {
class App;
}

namespace holdfast::bench {

/// What every bench program is told.
struct bench_options {
  bool quick = false;            ///< Few rounds: whether it runs at all.
  std::filesystem::path folder;  ///< For files, on a disk. Absolute.
};

struct named_bench {
  std::string name;
  std::string about;
  std::function<std::vector<figure>(const bench_options&)> run;
};

/// Carries out the benches that the words name, all of them where none is named, and prints their rows. Takes --quick,
/// --no-heading, --json FILE, --folder DIR and what `more` adds. The exit code: 64 for words that can't be taken, 1 where
/// something could not be measured.
int run_benches(const std::string& about, const std::vector<named_bench>& benches, int argc, char** argv,
                const std::function<void(CLI::App&)>& more = {});

}  // namespace holdfast::bench
